using Verso.Engine;

namespace Verso.Lab.Replay;

/// <summary>
/// Looks at a machine every so many steps, at the same ones in every design. When it has <see cref="Most"/> samples
/// it drops every second one, and looks half as often: nobody need say how many steps there are.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="live">The address spaces that live in it now.</param>
internal sealed class TimelineSamples(Machine machine, Func<IEnumerable<MmId>> live)
{
    /// <summary>Samples that are kept.</summary>
    public const int Most = 160;

    private readonly List<TimelineSample> _samples = [];
    private long _interval = 1;
    private long _position;
    private ulong _time;

    /// <summary>The reverse map's objects.</summary>
    public Ledger.Row[] Own { get; } =
        [.. machine.Ledger.Rows.Where(row => !ObjectFigures.IsOfEveryMachine(row.Name))];

    /// <summary>A step was taken.</summary>
    public void Add(long position, ulong time)
    {
        (_position, _time) = (position, time);
        if (position % _interval == 0)
        {
            _samples.Add(Look());
            if (_samples.Count == Most)
            {
                _interval *= 2;
                _ = _samples.RemoveAll(sample => sample.Event % _interval != 0);
            }
        }
    }

    /// <summary>All that was kept, the state after the last step with it.</summary>
    public Timeline End(IReadOnlyList<SpaceLife> lives)
    {
        if (_position > 0 && (_samples.Count == 0 || _samples[^1].Event != _position))
        {
            _samples.Add(Look());
        }

        return new Timeline
        {
            Samples = _samples,
            ObjectTypes = [.. Own.Select(row => row.Name)],
            Lives = lives,
        };
    }

    private TimelineSample Look()
    {
        int largest = 0;
        int spaces = 0;
        long vmas = 0;
        foreach (MmId mm in live())
        {
            int count = machine.World.Mms[mm].Vmas.Count;
            spaces++;
            vmas += count;
            largest = Math.Max(largest, count);
        }

        return new TimelineSample(_position, _time)
        {
            Spaces = spaces,
            Vmas = vmas,
            VmasOfLargest = largest,
            Frames = machine.World.Frames.LiveCount,
            OwnBytes = [.. Own.Select(row => row.Live * row.SizeBytes)],
            Refused = WorkFigures.Refused(machine.World.Counters),
        };
    }
}
