using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>PROT_* of mmap and mprotect.</summary>
[Flags]
public enum Protection : uint
{
    None = 0,
    Read = 1,
    Write = 2,
    Exec = 4,
    GrowsDown = 0x01000000,
    GrowsUp = 0x02000000,
}

/// <summary>MAP_* of mmap (x86-64).</summary>
[Flags]
public enum MapFlags : uint
{
    None = 0,
    Shared = 0x01,
    Private = 0x02,
    SharedValidate = 0x03,
    Droppable = 0x08,
    TypeMask = 0x0f,
    Fixed = 0x10,
    Anonymous = 0x20,
    Below2Gib = 0x40,
    Above4Gib = 0x80,
    GrowsDown = 0x0100,
    DenyWrite = 0x0800,
    Executable = 0x1000,
    Locked = 0x2000,
    NoReserve = 0x4000,
    Populate = 0x8000,
    NonBlock = 0x10000,
    Stack = 0x20000,
    HugeTlb = 0x40000,
    Sync = 0x80000,
    FixedNoReplace = 0x100000,
}

/// <summary>MREMAP_* of mremap.</summary>
[Flags]
public enum RemapFlags : uint
{
    None = 0,
    MayMove = 1,
    Fixed = 2,
    DontUnmap = 4,

    /// <summary>MREMAP_RELOCATE_ANON, proposed in 2025: EINVAL in every kernel that there is.</summary>
    RelocateAnon = 8,

    /// <summary>MREMAP_MUST_RELOCATE_ANON of the same series.</summary>
    MustRelocateAnon = 16,
}

/// <summary>MADV_* of madvise.</summary>
public enum Advice
{
    Normal = 0,
    Random = 1,
    Sequential = 2,
    WillNeed = 3,
    DontNeed = 4,
    Free = 8,
    Remove = 9,
    DontFork = 10,
    DoFork = 11,
    Mergeable = 12,
    Unmergeable = 13,
    HugePage = 14,
    NoHugePage = 15,
    DontDump = 16,
    DoDump = 17,
    WipeOnFork = 18,
    KeepOnFork = 19,
    Cold = 20,
    PageOut = 21,
    PopulateRead = 22,
    PopulateWrite = 23,
    DontNeedLocked = 24,
    Collapse = 25,
    GuardInstall = 102,
    GuardRemove = 103,
}

/// <summary>MCL_* of mlockall.</summary>
[Flags]
public enum LockAll : uint
{
    None = 0,
    Current = 1,
    Future = 2,
    OnFault = 4,
}

/// <summary>The arguments of mmap.</summary>
/// <param name="Address">Hint or fixed byte address.</param>
/// <param name="Length">Bytes; rounded up to pages.</param>
/// <param name="Protection">PROT_*.</param>
/// <param name="Flags">MAP_*.</param>
/// <param name="File">The open file; none with MAP_ANONYMOUS.</param>
/// <param name="Offset">Bytes into the file; page aligned.</param>
/// <param name="Imposed">
/// Where the kernel put it, when a recording is replayed and the call gave it the choice; else null. The machine still
/// searches, and counts where its search would have differed.
/// </param>
public readonly record struct MmapRequest(
    ulong Address,
    ulong Length,
    Protection Protection,
    MapFlags Flags,
    FileId File = default,
    ulong Offset = 0,
    ulong? Imposed = null)
{
    /// <summary>What a driver made of the mapping, in a replay; null where none had a say.</summary>
    public DriverFacts? Driver { get; init; }
}

/// <summary>What the mmap of a driver did to a VMA, which nothing but the VMA tells.</summary>
/// <param name="Flags">The vm_flags that it got.</param>
/// <param name="Traits">What else.</param>
public readonly record struct DriverFacts(VmaFlags Flags, DriverTraits Traits);

/// <summary>What a driver's VMAs are besides their flags. Values are part of the trace format.</summary>
[Flags]
public enum DriverTraits : byte
{
    None = 0,

    /// <summary>vm_ops->close is set: no merge deletes such a VMA.</summary>
    Closes = 1,

    /// <summary>memfd_secret: mlock and munlock leave it as it is (vma_is_secretmem).</summary>
    NeverLocked = 2,

    /// <summary>vm_ops->may_split is set, and refuses: perf's rings are mapped and unmapped whole.</summary>
    NeverSplit = 4,

    /// <summary>
    /// No VMA at all: the driver's mmap refused, when what was in the way had been unmapped (__mmap_new_file_vma).
    /// </summary>
    Refuses = 8,
}

/// <summary>The arguments of mremap.</summary>
/// <param name="OldAddress">Byte address; page aligned.</param>
/// <param name="OldLength">Bytes.</param>
/// <param name="NewLength">Bytes.</param>
/// <param name="Flags">MREMAP_*.</param>
/// <param name="NewAddress">With MREMAP_FIXED, or a hint with MREMAP_DONTUNMAP.</param>
/// <param name="Imposed">Where the kernel moved it, in a replay; else null.</param>
public readonly record struct MremapRequest(
    ulong OldAddress,
    ulong OldLength,
    ulong NewLength,
    RemapFlags Flags,
    ulong NewAddress = 0,
    ulong? Imposed = null);

/// <summary>What an access wants.</summary>
public enum FaultAccess
{
    Read = 0,
    Write = 1,
    Execute = 2,
}

/// <summary>How a fault ended.</summary>
public enum FaultOutcome
{
    /// <summary>The access can go on.</summary>
    Done = 0,

    /// <summary>SIGSEGV, SEGV_MAPERR: nothing is mapped there, or a guard marker.</summary>
    MapError = 1,

    /// <summary>SIGSEGV, SEGV_ACCERR: mapped, but not for this.</summary>
    AccessError = 2,

    /// <summary>SIGBUS: beyond the end of the file.</summary>
    Bus = 3,

    /// <summary>An allocation failed.</summary>
    OutOfMemory = 4,

    /// <summary>A userfaultfd was told: until its monitor has filled the page nothing happens.</summary>
    Waits = 5,
}
