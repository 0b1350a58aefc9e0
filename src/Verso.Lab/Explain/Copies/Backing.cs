using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Explain.Copies;

/// <summary>What is behind a VMA, as far as it decides merges and as a copy of it can be made.</summary>
public enum Backing
{
    /// <summary>No file.</summary>
    Anonymous = 0,

    /// <summary>A file without ways of its own.</summary>
    File = 1,

    /// <summary>tmpfs, memfd, shared anonymous memory.</summary>
    SharedMemory = 2,

    /// <summary>/dev/zero.</summary>
    Zero = 3,

    /// <summary>A System V segment: its VMAs have a close operation.</summary>
    Segment = 4,

    /// <summary>hugetlbfs: VM_DONTEXPAND and a close operation.</summary>
    HugeTlb = 5,

    /// <summary>The rings of io_uring: a driver's flags and no close operation.</summary>
    IoUring = 6,

    /// <summary>The buffer of a perf event: a driver's flags and a close operation.</summary>
    PerfEvents = 7,

    /// <summary>vdso, vvar and their like: no file, and special.</summary>
    KernelPages = 8,

    /// <summary>Another driver's mapping. No copy of it can be made.</summary>
    Driver = 9,
}

/// <summary>What is told of backings.</summary>
public static class BackingKinds
{
    /// <summary>
    /// What is behind a VMA. A file whose identity is unknown counts as one without ways of its own.
    /// </summary>
    public static Backing Of(VmaImage vma, FileIdentity? file)
    {
        ArgumentNullException.ThrowIfNull(vma);
        bool hasClose = vma.Traits.Close == CloseOperation.Set;
        bool isOwn = hasClose || (vma.Flags & VmaFlags.Special) != 0;
        if (vma.File.IsNone)
        {
            return isOwn ? Backing.KernelPages : Backing.Anonymous;
        }

        FileKind kind = file?.Kind ?? FileKind.Regular;
        return (isOwn, kind, NameOf(file)) switch
        {
            (_, FileKind.HugeTlb, _) => Backing.HugeTlb,
            (false, FileKind.SharedMemory, _) => Backing.SharedMemory,
            (false, FileKind.Zero, _) => Backing.Zero,
            (false, _, _) => Backing.File,
            (true, FileKind.SharedMemory, _) => Backing.Segment,
            (true, _, "[io_uring]") => Backing.IoUring,
            (true, _, "[perf_event]") => Backing.PerfEvents,
            _ => Backing.Driver,
        };
    }

    // What has no name of its own is told as anon_inode:[kind].
    private static string NameOf(FileIdentity? file)
    {
        string path = file?.Path ?? "";
        return path[Math.Max(0, path.LastIndexOf('['))..];
    }

    /// <summary>Whether it is memory as any program has it: it may be merged, written and moved.</summary>
    public static bool IsOrdinary(this Backing backing) => backing <= Backing.Zero;
}
