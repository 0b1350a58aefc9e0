using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would let VMAs become one, or fewer, that map files.</summary>
internal static class FileRemedies
{
    private const string Deleted = " (deleted)";

    /// <summary>What the kernel itself deletes as soon as it has made it.</summary>
    private static readonly string[] _neverNamed =
        ["/memfd:", "/dev/zero", "dev/zero", "/SYSV", "/anon_hugepage", "/[", "["];

    internal static IReadOnlyList<Remedy> All =>
        [OneDescriptor, OneObject, EachView, InFileOrder, UnmapDeleted, FewerFiles];

    internal static Remedy OneDescriptor { get; } = new(
        "Map all parts through one descriptor: the kernel compares struct file, not the inode.",
        RemedyBasis.Measured,
        "scenarios/attributes/file-adjacent.txt")
    {
        Lift = new Lift(MergeTests.File) { Applies = static pair => !pair.IsSharedAnonymous },
    };

    internal static Remedy OneObject { get; } = new(
        "Map shared anonymous memory in one call: each call makes an object of its own. Or privately (MAP_PRIVATE), "
        + "where no other process needs it.",
        RemedyBasis.Measured,
        "scenarios/attributes/shared-whole.txt")
    {
        Lift = new Lift(MergeTests.File) { Applies = static pair => pair.IsSharedAnonymous },
    };

    internal static Remedy EachView { get; } = new(
        "Map each view of the object in one call: where a writable and an executable part alternate, neither "
        + "permissions nor page offsets go on.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/dual-mapped-jit.c never")
    {
        Lift = new Lift(MergeTests.Flags | MergeTests.PageOffset)
        {
            Applies = AreTwoViews,
            Flags = VmaFlags.Access | VmaFlags.MayAccess,
            Staying = CountViews,
        },
    };

    internal static Remedy InFileOrder { get; } = new(
        "Map parts of a file side by side in the order of the file, from below: take file space in the direction in "
        + "which addresses are taken.",
        RemedyBasis.Measured,
        "scenarios/attributes/file-adjacent.txt")
    {
        Lift = new Lift(MergeTests.PageOffset) { Applies = static pair => !pair.IsAnonymous },
    };

    internal static Remedy UnmapDeleted { get; } = new(
        "Unmap deleted files (munmap; closing the descriptor is not enough): the mapping keeps the file and the VMA.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/deleted-segments.c never");

    internal static Remedy FewerFiles { get; } = new(
        "Fewer and larger files, or pread in place of mmap: VMAs of different files never merge.",
        RemedyBasis.Inferred);

    /// <summary>Whether a path is that of a file that somebody deleted.</summary>
    internal static bool IsDeleted(string path) => path.EndsWith(Deleted, StringComparison.Ordinal)
        && !_neverNamed.Any(name => path.StartsWith(name, StringComparison.Ordinal));

    // Of one file, or they would never have been one.
    private static bool AreTwoViews(Boundary pair) => !pair.IsAnonymous
        && (pair.Lower.Flags & pair.Upper.Flags & VmaFlags.MayShare) != 0
        && (pair.FlagsApart & VmaFlags.Access) != 0;

    private static int CountViews(IReadOnlyList<VmaImage> vmas)
    {
        int count = 0;
        foreach (IGrouping<VmaFlags, VmaImage> view in vmas.GroupBy(vma => vma.Flags & ~VmaFlags.SoftDirty))
        {
            ulong next = ulong.MaxValue;
            foreach (VmaImage vma in view.OrderBy(vma => vma.Pgoff))
            {
                count += vma.Pgoff == next ? 0 : 1;
                next = vma.Pgoff + ((vma.End - vma.Start) >> Engine.Page.Shift);
            }
        }

        return count;
    }
}
