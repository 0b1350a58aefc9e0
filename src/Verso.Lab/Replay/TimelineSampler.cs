using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Looks at a machine every so many events, at the same ones in every design. When it has <see cref="Most"/> samples
/// it drops every second one, and looks half as often: a trace need not say how long it is.
/// </summary>
internal sealed class TimelineSampler : EventObserver
{
    /// <summary>Samples that are kept.</summary>
    public const int Most = 160;

    private readonly Machine _machine;
    private readonly AddressSpaces _live;
    private readonly SpaceLives _lives;
    private readonly Ledger.Row[] _own;
    private readonly List<TimelineSample> _samples = [];
    private long _interval = 1;
    private long _position;
    private ulong _time;

    /// <param name="machine">The machine.</param>
    /// <param name="live">The address spaces that live in it, by the trace's numbers.</param>
    public TimelineSampler(Machine machine, AddressSpaces live)
    {
        _machine = machine;
        _live = live;
        _own = [.. machine.Ledger.Rows.Where(row => !ObjectFigures.IsOfEveryMachine(row.Name))];
        _lives = new SpaceLives(machine, live, _own);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds => [];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        _lives.Follow(position, step);
        (_position, _time) = (position, step.Time);
        if (position % _interval == 0)
        {
            _samples.Add(Look());
            if (_samples.Count == Most)
            {
                _interval *= 2;
                _ = _samples.RemoveAll(sample => sample.Event % _interval != 0);
            }
        }

        return null;
    }

    /// <summary>All that was kept, the last event's state with it.</summary>
    public Timeline End()
    {
        if (_position > 0 && (_samples.Count == 0 || _samples[^1].Event != _position))
        {
            _samples.Add(Look());
        }

        return new Timeline
        {
            Samples = _samples,
            ObjectTypes = [.. _own.Select(row => row.Name)],
            Lives = _lives.All,
        };
    }

    private TimelineSample Look()
    {
        int largest = 0;
        long vmas = 0;
        foreach (Space space in _live.Live)
        {
            int count = _machine.World.Mms[space.Mm].Vmas.Count;
            vmas += count;
            largest = Math.Max(largest, count);
        }

        return new TimelineSample(_position, _time)
        {
            Spaces = _live.Count,
            Vmas = vmas,
            VmasOfLargest = largest,
            Frames = _machine.World.Frames.LiveCount,
            OwnBytes = [.. _own.Select(row => row.Live * row.SizeBytes)],
            Refused = WorkFigures.Refused(_machine.World.Counters),
        };
    }
}
