using System.Numerics;

namespace Verso.Engine.Vmas;

/// <summary>
/// The tests two neighbours must pass to be one VMA; each bit is a test that failed. In the kernel's order:
/// vma_merge_existing_range and vma_merge_new_range turn VM_SPECIAL away before they look at a neighbour, then come
/// is_mergeable_vma, is_mergeable_anon_vma and the page offset; what would be removed is looked at last.
/// </summary>
[Flags]
public enum MergeTests : ushort
{
    /// <summary>All passed.</summary>
    None = 0,

    /// <summary>VM_SPECIAL: mappings of drivers never merge.</summary>
    Special = 1 << 0,
    Policy = 1 << 1,
    Flags = 1 << 2,
    File = 1 << 3,
    Userfaultfd = 1 << 4,
    Name = 1 << 5,

    /// <summary>Both have an anon_vma and they differ.</summary>
    AnonVma = 1 << 6,

    /// <summary>One side has no anon_vma and the other is a fork child (its chain is not singular).</summary>
    ForkedChain = 1 << 7,

    /// <summary>Page offsets are not linear across the boundary.</summary>
    PageOffset = 1 << 8,

    /// <summary>The VMA that would be deleted has a close operation.</summary>
    Close = 1 << 9,

    /// <summary>
    /// A design that repairs anon_vmas or page offsets by re-homing pages could not, as pages are shared. Beside the
    /// test that it would have repaired.
    /// </summary>
    SharedPages = 1 << 10,
}

/// <summary>What a merge test found: the full set of failed tests, and the first in kernel order.</summary>
public readonly record struct MergeVerdict(MergeTests Failed)
{
    /// <summary>
    /// Those that the design asked; others may have failed by the machine's asking too. None where that is unknown.
    /// </summary>
    public MergeTests OfDesign { get; init; }

    public bool CanMerge => Failed == MergeTests.None;

    /// <summary>The first failed test in kernel order; None if all passed.</summary>
    public MergeTests First => (MergeTests)(ushort)((ushort)Failed & -(ushort)Failed);

    /// <summary>Counts a refused merge by its first failed test. Requires: some test failed.</summary>
    public void CountRefusal(Counters counters)
    {
        Invariant.Require(!CanMerge);
        counters.MergesRefused[BitOperations.TrailingZeroCount((uint)First)]++;
    }
}

/// <summary>The verdicts on two VMAs that touch, by which of them a call changes.</summary>
/// <param name="UpperGoes">The upper one would become part of the lower one.</param>
/// <param name="LowerGoes">The lower one would become part of the upper one.</param>
public readonly record struct BothVerdicts(MergeVerdict UpperGoes, MergeVerdict LowerGoes)
{
    /// <summary>The one with fewer failed tests.</summary>
    public MergeVerdict Kinder =>
        int.PopCount((ushort)LowerGoes.Failed) < int.PopCount((ushort)UpperGoes.Failed) ? LowerGoes : UpperGoes;

    /// <summary>A call that changes the right one of them makes them one, were some tests always passed.</summary>
    /// <param name="lifted">Those tests.</param>
    public bool CanMergeWithout(MergeTests lifted) =>
        (UpperGoes.Failed & ~lifted) == MergeTests.None || (LowerGoes.Failed & ~lifted) == MergeTests.None;

    /// <summary>Whichever of them a call changes, they become one.</summary>
    public bool CanMergeEitherWay => UpperGoes.CanMerge && LowerGoes.CanMerge;
}

/// <summary>What a design is asked about a merge: anon_vma and page offset are its matter.</summary>
public readonly record struct JoinCandidate
{
    /// <summary>The existing VMA that would grow.</summary>
    public VmaId Target { get; init; }

    /// <summary>The existing VMA whose range would be absorbed; none for a range that is no VMA yet.</summary>
    public VmaId Source { get; init; }

    /// <summary>For an mremap copy, the VMA being moved; else none.</summary>
    public VmaId CopiedFrom { get; init; }

    /// <summary>
    /// The VMA whose anonymous state the range carries: the source, the one being moved, the one being extended; none
    /// for a fresh range.
    /// </summary>
    public VmaId StateOf { get; init; }

    /// <summary>Where that state is now, a byte address.</summary>
    public ulong StateStart { get; init; }

    /// <summary>How many pages, from there on, carry it; what the range has more is fresh.</summary>
    public ulong StatePages { get; init; }

    /// <summary>How many pages the target would grow by.</summary>
    public ulong Pages { get; init; }

    /// <summary>Page offset (<see cref="Vma.Pgoff"/>) at the boundary as the left side counts it.</summary>
    public ulong LeftPgoff { get; init; }

    /// <summary>And as the right side counts it. The machine itself asks that a file's be linear.</summary>
    public ulong RightPgoff { get; init; }

    /// <summary>Anonymous page offset at the boundary as the left side counts it.</summary>
    public ulong LeftAnonPgoff { get; init; }

    /// <summary>And as the right side counts it. They matter to designs that index anonymous pages by them.</summary>
    public ulong RightAnonPgoff { get; init; }

    /// <summary>No file.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Whether anonymous page offsets are linear across the boundary.</summary>
    public MergeTests TestAnonPgoff() =>
        LeftAnonPgoff == RightAnonPgoff ? MergeTests.None : MergeTests.PageOffset;
}
