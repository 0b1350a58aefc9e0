using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Scenarios;

/// <summary>The calls of a recording, in the scenario that was made from it.</summary>
/// <param name="Refused">
/// Steps that the kernel refused when it was recorded, by their number. What refused them may be no part of a trace: a
/// resource limit, a seal of a file.
/// </param>
/// <param name="LeftOut">Calls that are no steps, by what they were.</param>
public sealed record RecordedCalls(
    IReadOnlyDictionary<int, Errno> Refused, IReadOnlyDictionary<TraceEventKind, long> LeftOut);
