using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Two VMAs that touch.</summary>
/// <param name="Lower">The one below.</param>
/// <param name="Upper">The one above.</param>
/// <param name="Verdict">Every test that is known to keep them apart; none: none is known.</param>
public sealed record Boundary(VmaImage Lower, VmaImage Upper, MergeVerdict Verdict)
{
    private const VmaFlags Permanent = VmaFlags.Sealed | VmaFlags.NoReserve | VmaFlags.GrowsDown | VmaFlags.Droppable
        | VmaFlags.ShadowStack | VmaFlags.HugeTlb | VmaFlags.MayAccess;

    /// <summary>Tests of which the reading cannot tell whether they fail; none where the kernel told all.</summary>
    public MergeTests Untold { get; init; }

    /// <summary>Why no history of calls would make one VMA of them, if so.</summary>
    public LastingReason Lasting { get; init; }

    /// <summary>
    /// Nothing keeps them apart if a call changes the right one of the two; if it changes the other, something does, on
    /// this kernel and not since 6.16 (<see cref="Engine.KernelRules.UnfaultedTargetMerges"/>).
    /// </summary>
    public bool IsOneWay { get; init; }

    /// <summary>
    /// Both are memory that was mapped shared and anonymous, each with the object that its mmap made for it.
    /// </summary>
    public bool IsSharedAnonymous { get; init; }

    /// <summary>
    /// One maps /dev/zero privately, which is anonymous memory with a file; the other does too, or has no file.
    /// </summary>
    public bool IsOfZeroDevice { get; init; }

    /// <summary>
    /// One may only be executed, which gave it a protection key that no other memory has (execute_only_pkey); the other
    /// may be read or written.
    /// </summary>
    public bool IsOfExecuteOnly { get; init; }

    /// <summary>The root of what the lower one had when it went through fork; 0 if it did not.</summary>
    public ulong LowerOrigin { get; init; }

    /// <summary>The root of what the upper one had when it went through fork; 0 if it did not.</summary>
    public ulong UpperOrigin { get; init; }

    /// <summary>Which of them hold anonymous pages now.</summary>
    public AnonymousPages Pages { get; init; }

    /// <summary>What is said of them in one word.</summary>
    public BoundaryStanding Standing => Lasting != LastingReason.None ? BoundaryStanding.Never
        : !Verdict.CanMerge ? BoundaryStanding.KeptApart
        : Untold == MergeTests.None ? BoundaryStanding.MergeableNow
        : BoundaryStanding.CannotTell;

    /// <summary>The flags in which they differ; VM_SOFTDIRTY never keeps VMAs apart.</summary>
    public VmaFlags FlagsApart => (Lower.Flags ^ Upper.Flags) & ~VmaFlags.SoftDirty;

    /// <summary>
    /// Exactly one is registered with a userfaultfd: its flags say so as well as its context, and one call makes both.
    /// </summary>
    public bool IsHalfRegistered =>
        ((Lower.Flags & VmaFlags.Userfault) == 0) != ((Upper.Flags & VmaFlags.Userfault) == 0);

    /// <summary>
    /// They differ in what no call changes of memory that is mapped: a seal, MAP_NORESERVE, what mprotect may allow.
    /// </summary>
    public bool IsForGood => (FlagsApart & Permanent) != 0;

    /// <summary>One of them went through fork with an anon_vma: its chain has several entries.</summary>
    public bool HasForked => Lower.Chain.Count > 1 || Upper.Chain.Count > 1;

    /// <summary>No file behind either.</summary>
    public bool IsAnonymous => Lower.File.IsNone && Upper.File.IsNone;

    /// <summary>What the inaccessible one of two anonymous VMAs is there for; none if both allow access.</summary>
    public InaccessibleUse Inaccessible { get; init; }

    /// <summary>
    /// What goes when tests are passed: those, and of two objects of shared anonymous memory the page offset with the
    /// object, for one call would have made one object for both; of one that is registered with a userfaultfd and one
    /// that is not the context with the flags.
    /// </summary>
    public MergeTests LiftedWith(MergeTests tests)
    {
        MergeTests lifted = tests;
        lifted |= IsSharedAnonymous && (tests & MergeTests.File) != 0 ? MergeTests.PageOffset : MergeTests.None;
        return lifted | (IsHalfRegistered && (tests & MergeTests.Flags) != 0
            ? MergeTests.Userfaultfd : MergeTests.None);
    }
}

/// <summary>What is said of two VMAs that touch.</summary>
public enum BoundaryStanding
{
    /// <summary>Nothing keeps them apart: no call has tried since.</summary>
    MergeableNow = 0,

    /// <summary>No test that could be asked keeps them apart, and some could not be asked.</summary>
    CannotTell = 1,

    /// <summary>Some test fails that another history of calls would pass.</summary>
    KeptApart = 2,

    /// <summary>They are different things.</summary>
    Never = 3,
}

/// <summary>Why two VMAs are different things.</summary>
public enum LastingReason
{
    /// <summary>They are not: another history of calls could have made one VMA of them.</summary>
    None = 0,

    /// <summary>One maps a file, the other is anonymous.</summary>
    FileAndAnonymous = 1,

    /// <summary>They map different files (inodes).</summary>
    TwoFiles = 2,

    /// <summary>
    /// Private mappings of a program or a library with different permissions, now or once: its text and data.
    /// </summary>
    Sections = 3,

    /// <summary>A driver's, the vdso: VM_SPECIAL on one.</summary>
    Special = 4,

    /// <summary>Both have a close operation: segments of System V shared memory.</summary>
    Close = 5,

    /// <summary>One is shared, the other private.</summary>
    SharedAndPrivate = 6,
}

/// <summary>Which of two VMAs hold anonymous pages.</summary>
public enum AnonymousPages
{
    /// <summary>Nobody looked.</summary>
    Unknown = 0,
    Neither = 1,
    One = 2,
    Both = 3,
}
