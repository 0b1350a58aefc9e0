using Verso.Traces;

namespace Verso.Lab.Fidelity;

/// <summary>An event and its number in the trace, counted from 1.</summary>
public readonly record struct NumberedEvent(long Number, TraceEvent Event);
