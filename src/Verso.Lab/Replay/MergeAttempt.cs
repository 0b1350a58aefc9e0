using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>One test of one boundary between a range and a neighbour, and where in the trace it was made.</summary>
/// <param name="EventNumber">The event that led to it, counted from 1.</param>
/// <param name="Kind">Its kind: the call.</param>
/// <param name="Mm">The address space as the trace numbers it.</param>
/// <param name="Trial">What was tested, and what was found.</param>
public readonly record struct MergeAttempt(long EventNumber, TraceEventKind Kind, int Mm, MergeTrial Trial)
{
    /// <summary>
    /// By what the same attempt is known in the replay through another design: an event tests a boundary from one side
    /// once.
    /// </summary>
    public (long EventNumber, MergeSide Side, ulong Boundary) Key => (EventNumber, Trial.Side, Trial.Boundary);
}
