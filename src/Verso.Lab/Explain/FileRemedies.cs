using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would let VMAs become one, or fewer, that map files.</summary>
internal static class FileRemedies
{
    private const string Deleted = " (deleted)";
    private const string Segment = "/SYSV";
    private const string HugePages = "/anon_hugepage";

    /// <summary>What the kernel itself deletes as soon as it has made it.</summary>
    private static readonly string[] _neverNamed =
        ["/memfd:", "/dev/zero", "dev/zero", Segment, HugePages, "/[", "["];

    internal static IReadOnlyList<Remedy> All =>
    [
        OneDescriptor, OneObject, NoDevice, OneProtection, EachView, InFileOrder, UnmapDeleted, FewerFiles, OneSegment,
        OneCallOfHugePages, ReadIn, InOneCall,
    ];

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

    internal static Remedy NoDevice { get; } = new(
        "MAP_ANONYMOUS in place of a private mapping of /dev/zero: offsets in the device do not go on from one to the "
        + "next, those of anonymous memory do.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c no-device")
    {
        Lift = new Lift(MergeTests.File | MergeTests.PageOffset) { Applies = static pair => pair.IsOfZeroDevice },
    };

    internal static Remedy OneProtection { get; } = new(
        "One protection for the whole mapping of the file, changed in one call where it changes.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c file-protection")
    {
        Lift = new Lift(MergeTests.Flags)
        {
            Applies = static pair => IsOneView(pair),
            Flags = VmaFlags.Access | VmaFlags.Account | VmaFlags.Pkey,
        },
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
        "Map the file whole and use slices of that, or its parts side by side through one descriptor in the order of "
        + "the file, from below.",
        RemedyBasis.Measured,
        "scenarios/attributes/file-adjacent.txt")
    {
        Lift = new Lift(MergeTests.File | MergeTests.PageOffset)
        {
            Applies = static pair => !pair.IsAnonymous && !pair.IsSharedAnonymous,
        },
    };

    internal static Remedy UnmapDeleted { get; } = new(
        "Unmap deleted files (munmap; closing the descriptor is not enough): the mapping keeps the file and the VMA.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/deleted-segments.c never");

    internal static Remedy FewerFiles { get; } = new(
        "Fewer and larger files, or pread in place of mmap: VMAs of different files never merge.",
        RemedyBasis.Inferred);

    internal static Remedy OneSegment { get; } = new(
        "One larger segment of System V shared memory in place of many (shmget, shmat): segments never merge.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c one-segment");

    internal static Remedy OneCallOfHugePages { get; } = new(
        "Map huge pages in one call of mmap: each call makes an object of its own, and these never merge.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c huge-once");

    internal static Remedy ReadIn { get; } = new(
        "Read the file into that memory (pread) in place of mapping it over parts.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c read-in");

    internal static Remedy InOneCall { get; } = new(
        "Change protection or advice of all of it in one call: such a VMA stays divided once it is.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c segment-whole");

    /// <summary>What there is to be done about two that map different files.</summary>
    internal static Remedy ForTwo(string lower, string upper)
    {
        bool AreBoth(string name) => lower.StartsWith(name, StringComparison.Ordinal)
            && upper.StartsWith(name, StringComparison.Ordinal);
        return AreBoth(Segment) ? OneSegment : AreBoth(HugePages) ? OneCallOfHugePages : FewerFiles;
    }

    /// <summary>Whether a path is that of memory, and of no file that could be read.</summary>
    internal static bool IsMemory(string path) =>
        path.Length == 0 || _neverNamed.Any(name => path.StartsWith(name, StringComparison.Ordinal));

    /// <summary>Whether a path is that of a file that somebody deleted.</summary>
    internal static bool IsDeleted(string path) =>
        path.EndsWith(Deleted, StringComparison.Ordinal) && !IsMemory(path);

    /// <summary>Whether offsets go on from one to the other, so that nothing but calls on parts divides them.</summary>
    internal static bool IsOneView(Boundary pair) => !pair.IsAnonymous
        && (pair.Verdict.Failed & (MergeTests.File | MergeTests.PageOffset)) == MergeTests.None
        && (pair.FlagsApart & VmaFlags.Access) != 0;

    /// <summary>Whether they may be two views of one object: of one file, or they would never have been one.</summary>
    internal static bool AreTwoViews(Boundary pair) => !pair.IsAnonymous
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
