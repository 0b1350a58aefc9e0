namespace Verso.Engine;

/// <summary>
/// What a machine did, in counts that a design can be judged by; never one score. Those of locks are in MachineLocks.
/// </summary>
/// <remarks>Fields, so that hot paths increment them in place. All are totals since the machine began.</remarks>
public sealed class Counters
{
    /// <summary>How many single tests a verdict can name.</summary>
    public const int MergeTestCount = 16;

    public long MergesDone;

    /// <summary>
    /// Merge attempts refused, by the first failed test: index is the bit number in <see cref="Vmas.MergeTests"/>. An
    /// attempt is one boundary of a range and a VMA that touches it (can_vma_merge_after, can_vma_merge_before), so a
    /// call may make two; VM_SPECIAL is turned away before any.
    /// </summary>
    public readonly long[] MergesRefused = new long[MergeTestCount];

    public long PtesCopied;
    public long PtesWriteProtected;
    public long PtesZapped;

    /// <summary>Entries that mremap moved one by one, and leaf tables it moved whole.</summary>
    public long PtesMoved;
    public long TablesMoved;

    private const int WalkPurposes = (int)WalkPurpose.Reclaim + 1;

    private readonly WalkTally[] _walks = new WalkTally[WalkPurposes * 2];

    public long FaultCount;
    public long FaultZeroPage;
    public long FaultNewPage;
    public long FaultCopied;
    public long FaultReused;
    public long FaultFilePage;

    /// <summary>Refilled from a memory object: the price of not copying entries at fork.</summary>
    public long FaultFound;

    /// <summary>Entries mapped again after a swap-out, and folios swapped out.</summary>
    public long FaultSwappedIn;
    public long SwappedOut;

    /// <summary>Folios that moved to another frame.</summary>
    public long Migrated;

    public long ForkCount;

    /// <summary>Prepared (anon_vma_prepare) by allocating, and by reusing a neighbour's.</summary>
    public long PreparedAllocated;
    public long PreparedReused;

    /// <summary>Prepares whose only reason was that guard markers were installed.</summary>
    public long PreparedForGuards;

    /// <summary>Prepares where the logged outcome of a race was taken instead of the derived one.</summary>
    public long PreparedByLog;

    /// <summary>VMAs of forks for which the logged reuse of an anon_vma was taken instead of the derived one.</summary>
    public long ForkedByLog;

    /// <summary>The walks of one purpose for one kind of pages.</summary>
    public ref WalkTally WalksFor(WalkPurpose purpose, WalkedPages pages = WalkedPages.Anonymous) =>
        ref _walks[((int)pages * WalkPurposes) + (int)purpose];
}
