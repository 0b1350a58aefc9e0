namespace Verso.Engine.Vmas;

/// <summary>Which boundary of a range a merge test looked at.</summary>
public enum MergeSide
{
    /// <summary>The range and the VMA that ends where it starts (can_vma_merge_after).</summary>
    Lower = 0,

    /// <summary>The range and the VMA that starts where it ends (can_vma_merge_before).</summary>
    Upper = 1,

    /// <summary>
    /// Both passed, each with the range between them; whether they go together with each other too
    /// (can_vma_merge_right). Refused, the upper one stays apart.
    /// </summary>
    Bridge = 2,
}

/// <summary>One test of one boundary, as the machine tells its observer.</summary>
/// <param name="Mm">The address space.</param>
/// <param name="Start">First byte address of the range that would become part of a neighbour.</param>
/// <param name="End">Its end, exclusive.</param>
/// <param name="Side">Which boundary.</param>
/// <param name="Memory">What both sides of the boundary are.</param>
/// <param name="Verdict">All tests that failed; none if the boundary may go.</param>
public readonly record struct MergeTrial(
    MmId Mm,
    ulong Start,
    ulong End,
    MergeSide Side,
    MergedMemory Memory,
    MergeVerdict Verdict)
{
    /// <summary>The byte address between the two sides; of a bridge, the start of the range in its middle.</summary>
    public ulong Boundary => Side == MergeSide.Upper ? End : Start;
}

/// <summary>What would be merged.</summary>
public enum MergedMemory
{
    /// <summary>A file is mapped on at least one side, shared memory being one.</summary>
    File = 0,

    /// <summary>Anonymous memory on both sides: page offset and anon_vma are the design's matter.</summary>
    Anonymous = 1,
}
