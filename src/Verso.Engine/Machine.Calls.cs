#pragma warning disable CA1822 // until each operation has its file
using Verso.Engine.Images;

namespace Verso.Engine;

// The surface of the operations on address spaces and VMAs, until each has its own file.
public abstract partial class Machine
{
    /// <summary>A new, empty address space with one user.</summary>
    public SyscallResult CreateMm(out MmId mm) => throw new InvariantException("not built: CreateMm");

    /// <summary>A new address space in the state of an image, as exec or attach leaves it.</summary>
    public SyscallResult CreateMm(MmImage image, out MmId mm) => throw new InvariantException("not built: CreateMm");

    /// <summary>fork: dup_mmap.</summary>
    public SyscallResult Fork(MmId parent, out MmId child) => throw new InvariantException("not built: Fork");

    /// <summary>One more task uses the address space: vfork, CLONE_VM, a thread.</summary>
    public void ShareMm(MmId mm) => throw new InvariantException("not built: ShareMm");

    /// <summary>A user lets go (mmput); the last one tears it down (exit_mmap).</summary>
    public void ReleaseMm(MmId mm) => throw new InvariantException("not built: ReleaseMm");

    public SyscallResult Mmap(MmId mm, in MmapRequest request) => throw new InvariantException("not built: Mmap");

    public SyscallResult Munmap(MmId mm, ulong address, ulong length) => throw new InvariantException("not built");

    /// <summary>mprotect and pkey_mprotect; <paramref name="pkey"/> -1 keeps the key.</summary>
    public SyscallResult Mprotect(MmId mm, ulong address, ulong length, Protection protection, int pkey = -1) =>
        throw new InvariantException("not built: Mprotect");

    public SyscallResult Mremap(MmId mm, in MremapRequest request) => throw new InvariantException("not built: Mremap");

    public SyscallResult Madvise(MmId mm, ulong address, ulong length, Advice advice) =>
        throw new InvariantException("not built: Madvise");

    /// <summary>brk: returns the break that is.</summary>
    public SyscallResult Brk(MmId mm, ulong address) => throw new InvariantException("not built: Brk");

    /// <summary>mlock, mlock2 (flags: MLOCK_ONFAULT is 1).</summary>
    public SyscallResult Mlock(MmId mm, ulong address, ulong length, uint flags = 0) =>
        throw new InvariantException("not built: Mlock");

    public SyscallResult Munlock(MmId mm, ulong address, ulong length) => throw new InvariantException("not built");

    public SyscallResult Mlockall(MmId mm, LockAll flags) => throw new InvariantException("not built: Mlockall");

    public SyscallResult Munlockall(MmId mm) => throw new InvariantException("not built: Munlockall");

    /// <summary>shmat of a segment that is this file. flags as SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC.</summary>
    public SyscallResult Shmat(MmId mm, FileId segment, ulong address, uint flags, ulong? imposed = null) =>
        throw new InvariantException("not built: Shmat");

    public SyscallResult Shmdt(MmId mm, ulong address) => throw new InvariantException("not built: Shmdt");

    /// <summary>mbind: sets the policy of a range (0 the default), splitting and merging as needed.</summary>
    public SyscallResult Mbind(MmId mm, ulong address, ulong length, int policy) =>
        throw new InvariantException("not built: Mbind");

    /// <summary>A preparation that no fault shows: the VMA at this address gets an anon_vma.</summary>
    public Errno Prepare(MmId mm, ulong address, PrepareOutcome logged) => throw new InvariantException("not built");

    /// <summary>expand_stack: a GROWSDOWN VMA grows to cover the address.</summary>
    public Errno GrowStack(MmId mm, ulong address) => throw new InvariantException("not built: GrowStack");

    /// <summary>The present state of an address space, in the form a recorder reads it from a kernel.</summary>
    public MmImage Capture(MmId mm) => throw new InvariantException("not built: Capture");

    /// <summary>Checks every invariant, O(everything): VMAs, page tables, frames, the design's own. Null, or the first violation.</summary>
    public string? Audit() => throw new InvariantException("not built: Audit");
}
