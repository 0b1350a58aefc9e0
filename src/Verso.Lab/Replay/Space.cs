using Verso.Engine;

namespace Verso.Lab.Replay;

/// <summary>One live address space of a trace.</summary>
/// <param name="TraceId">Its id in the trace.</param>
/// <param name="Mm">Its id in the machine.</param>
/// <param name="IsAssumed">It was made up because the trace does not say how it began.</param>
internal sealed record Space(int TraceId, MmId Mm, bool IsAssumed);
