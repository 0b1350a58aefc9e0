using Verso.Engine;
using Verso.Lab.Fidelity;

namespace Verso.Lab.Replay;

/// <summary>One live address space of a trace, and what the replay knows of it besides its machine.</summary>
internal sealed class Space
{
    private const int RecentCount = 8;

    private readonly ulong[] _recent = new ulong[RecentCount];
    private long _touched;

    public required int TraceId { get; init; }

    public required MmId Mm { get; init; }

    /// <summary>It was made up because the trace does not say how it began.</summary>
    public bool IsAssumed { get; init; }

    /// <summary>What was done to it; null unless asked for.</summary>
    public EventHistory? History { get; init; }

    /// <summary>The differences its last checkpoint had, so that a lasting one is told once.</summary>
    public HashSet<(ulong Start, DifferenceCauses Causes)> KnownDifferences { get; set; } = [];

    /// <summary>Remembers an address that was just touched, for the walks at checkpoints.</summary>
    public void Touch(ulong address) => _recent[(int)(_touched++ % RecentCount)] = address;

    /// <summary>The addresses touched last, at most eight, in no particular order.</summary>
    public ReadOnlySpan<ulong> Recent => _recent.AsSpan(0, (int)Math.Min(_touched, RecentCount));
}
