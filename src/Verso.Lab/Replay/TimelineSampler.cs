using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Samples a replay after its events, and follows what each address space costs.</summary>
internal sealed class TimelineSampler : EventObserver
{
    private readonly TimelineSamples _samples;
    private readonly SpaceLives _lives;

    /// <param name="machine">The machine.</param>
    /// <param name="live">The address spaces that live in it, by the trace's numbers.</param>
    public TimelineSampler(Machine machine, AddressSpaces live)
    {
        _samples = new TimelineSamples(machine, () => live.Live.Select(space => space.Mm));
        _lives = new SpaceLives(machine, live, _samples.Own);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds => [];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        _lives.Follow(position, step);
        _samples.Add(position, step.Time);
        return null;
    }

    /// <summary>All that was kept, the last event's state with it.</summary>
    public Timeline End() => _samples.End(_lives.All);
}
