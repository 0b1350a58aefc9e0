using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Remembers what was done to each live address space.</summary>
/// <param name="spaces">Those that are live.</param>
internal sealed class History(AddressSpaces spaces) : EventObserver
{
    private readonly PerSpace<EventHistory> _histories = new(parent => new EventHistory(parent));

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds => [];

    /// <summary>The last events of an address space.</summary>
    public EventHistory Of(int traceId) => _histories[traceId];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        bool isFork = step.Kind == TraceEventKind.Fork;
        if (!isFork)
        {
            _histories.Follow(step);
        }

        if (EventRanges.MayChangeVmas(step) && spaces.Find(step.Mm) is not null)
        {
            _histories[step.Mm].Add(position, step);
        }

        // The child's begins with the fork.
        if (isFork)
        {
            _histories.Follow(step);
        }

        return null;
    }
}
