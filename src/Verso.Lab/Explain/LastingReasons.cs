using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Explain;

/// <summary>Tells pairs that no history of calls would have joined from those that one would.</summary>
internal static class LastingReasons
{
    internal static LastingReason Of(Boundary pair, Dictionary<FileId, FileIdentity> files, ProgramFiles programs)
    {
        MergeTests failed = pair.Verdict.Failed;
        if (((pair.Lower.Flags | pair.Upper.Flags) & VmaFlags.Special) != 0)
        {
            return LastingReason.Special;
        }

        if (AreOfZeroDevice(pair, files))
        {
            return LastingReason.None;
        }

        if (pair.Lower.File.IsNone != pair.Upper.File.IsNone)
        {
            return LastingReason.FileAndAnonymous;
        }

        if ((failed & MergeTests.File) != 0 && !IsSameInode(pair, files) && !AreSharedAnonymous(pair, files))
        {
            return LastingReason.TwoFiles;
        }

        if ((failed & MergeTests.Close) != 0)
        {
            return LastingReason.Close;
        }

        if ((pair.FlagsApart & VmaFlags.MayShare) != 0)
        {
            return LastingReason.SharedAndPrivate;
        }

        return AreSectionsOfOneFile(pair) && programs.AreSections(pair.Lower, pair.Upper)
            ? LastingReason.Sections : LastingReason.None;
    }

    /// <summary>Whether both are objects that the kernel made for MAP_SHARED | MAP_ANONYMOUS, and not one.</summary>
    internal static bool AreSharedAnonymous(Boundary pair, Dictionary<FileId, FileIdentity> files) =>
        (pair.Verdict.Failed & MergeTests.File) != 0
        && IsKernelMade(pair.Lower, files) && IsKernelMade(pair.Upper, files);

    /// <summary>Whether one maps /dev/zero privately, and the other does too or has no file.</summary>
    internal static bool AreOfZeroDevice(Boundary pair, Dictionary<FileId, FileIdentity> files) => !pair.IsAnonymous
        && (pair.Lower.File.IsNone || IsZeroDevice(pair.Lower, files))
        && (pair.Upper.File.IsNone || IsZeroDevice(pair.Upper, files));

    // shmem_zero_setup; a shared mapping of /dev/zero gets the same. A private one of the device is none.
    private static bool IsKernelMade(VmaImage vma, Dictionary<FileId, FileIdentity> files) =>
        (vma.Flags & VmaFlags.MayShare) != 0
        && files.TryGetValue(vma.File, out FileIdentity? file)
        && (file.Path is "/dev/zero (deleted)" or "/dev/zero" or "dev/zero"
            || file.Path.StartsWith("[anon_shmem:", StringComparison.Ordinal));

    // mmap_zero leaves a private mapping its file, and makes it anonymous (vma_set_anonymous).
    private static bool IsZeroDevice(VmaImage vma, Dictionary<FileId, FileIdentity> files) =>
        (vma.Flags & VmaFlags.MayShare) == 0
        && files.TryGetValue(vma.File, out FileIdentity? file)
        && file.Path is "/dev/zero" or "dev/zero";

    // What the dynamic linker made read-only again was writable once, and stays charged.
    private static bool AreSectionsOfOneFile(Boundary pair) => !pair.IsAnonymous
        && (pair.FlagsApart & (VmaFlags.Access | VmaFlags.Account)) != 0
        && (pair.Lower.Flags & VmaFlags.MayShare) == 0;

    private static bool IsSameInode(Boundary pair, Dictionary<FileId, FileIdentity> files) =>
        files.TryGetValue(pair.Lower.File, out FileIdentity? lower)
        && files.TryGetValue(pair.Upper.File, out FileIdentity? upper)
        && (lower.Device, lower.Inode) == (upper.Device, upper.Inode);
}
