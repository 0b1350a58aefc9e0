namespace Verso.Engine.Vmas;

/// <summary>
/// <c>vma->vm_flags</c>, bit for bit as on x86-64 (include/linux/mm.h, 6.18.44), so that an image read from a live
/// kernel needs no translation.
/// </summary>
[Flags]
public enum VmaFlags : ulong
{
    None = 0,
    Read = 1UL << 0,
    Write = 1UL << 1,
    Exec = 1UL << 2,
    Shared = 1UL << 3,
    MayRead = 1UL << 4,
    MayWrite = 1UL << 5,
    MayExec = 1UL << 6,
    MayShare = 1UL << 7,
    GrowsDown = 1UL << 8,
    UffdMissing = 1UL << 9,
    PfnMap = 1UL << 10,
    MaybeGuard = 1UL << 11,
    UffdWp = 1UL << 12,
    Locked = 1UL << 13,
    Io = 1UL << 14,
    SeqRead = 1UL << 15,
    RandRead = 1UL << 16,
    DontCopy = 1UL << 17,
    DontExpand = 1UL << 18,
    LockOnFault = 1UL << 19,
    Account = 1UL << 20,
    NoReserve = 1UL << 21,
    HugeTlb = 1UL << 22,
    Sync = 1UL << 23,
    Arch1 = 1UL << 24,
    WipeOnFork = 1UL << 25,
    DontDump = 1UL << 26,
    SoftDirty = 1UL << 27,
    MixedMap = 1UL << 28,
    HugePage = 1UL << 29,
    NoHugePage = 1UL << 30,
    Mergeable = 1UL << 31,
    PkeyBit0 = 1UL << 32,
    PkeyBit1 = 1UL << 33,
    PkeyBit2 = 1UL << 34,
    PkeyBit3 = 1UL << 35,

    ShadowStack = 1UL << 37,
    Droppable = 1UL << 40,
    UffdMinor = 1UL << 41,
    Sealed = 1UL << 42,

    /// <summary>PROT_READ, PROT_WRITE, PROT_EXEC.</summary>
    Access = Read | Write | Exec,

    /// <summary>What mprotect may later allow.</summary>
    MayAccess = MayRead | MayWrite | MayExec,

    /// <summary>VM_SPECIAL: never merged, never moved in bulk.</summary>
    Special = Io | DontExpand | PfnMap | MixedMap,

    /// <summary>__VM_UFFD_FLAGS: some of them is set where a userfaultfd is registered.</summary>
    Userfault = UffdMissing | UffdWp | UffdMinor,

    /// <summary>VM_LOCKED_MASK.</summary>
    LockedMask = Locked | LockOnFault,

    /// <summary>VM_PKEY_MASK on x86-64.</summary>
    Pkey = PkeyBit0 | PkeyBit1 | PkeyBit2 | PkeyBit3,
}
