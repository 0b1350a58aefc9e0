using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>What came of an event, for those who look on.</summary>
/// <param name="Shown">
/// The address space into which a fault has brought a page, or whose state a checkpoint shows; none for all else.
/// </param>
internal readonly record struct EventOutcome(MmId Shown);

/// <summary>Looks on as a trace is replayed.</summary>
internal abstract class EventObserver : Observer<TraceEvent, EventOutcome>
{
    /// <summary>What it is shown; empty: everything.</summary>
    public abstract IReadOnlyList<TraceEventKind> Kinds { get; }
}
