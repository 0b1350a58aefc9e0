using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// What happened. The order of events in a trace is the order of the mmap lock: of two events on one address space
/// the first one took effect first. Values are part of the file format and never change meaning.
/// </summary>
public enum TraceEventKind : byte
{
    None = 0,

    /// <summary>
    /// An open file is named for the first time. <see cref="TraceEvent.Payload"/> is a
    /// <see cref="FileIdentity"/>.
    /// </summary>
    FileDefined = 1,

    /// <summary>
    /// A task starts. Task: the parent. Arg0: the child's tid. Arg1: clone flags. Mm: the child's mm.
    /// </summary>
    TaskStart = 2,

    /// <summary>dup_mmap: Mm is the parent's, Arg0 the child's mm. Arg1: clone flags where known.</summary>
    Fork = 3,

    /// <summary>
    /// A new program runs. Mm: its new mm. Arg0: the mm it leaves, whose MmExit stands before this where it was the
    /// last user; 0 for the first program. Payload: <see cref="MmImage"/> as exec built it.
    /// </summary>
    Exec = 4,

    /// <summary>A task ends. Arg0: exit code as wait reports it.</summary>
    TaskExit = 5,

    /// <summary>exit_mmap: the last user of Mm is gone and its mappings are torn down.</summary>
    MmExit = 6,

    /// <summary>Recording begins with a live address space. Payload: <see cref="MmImage"/>.</summary>
    Attach = 7,

    /// <summary>
    /// mmap. Arg0 addr, Arg1 length, Arg2 prot, Arg3 flags, Arg4 <see cref="FileId"/> value or 0, Arg5 offset in bytes.
    /// The file is the one the VMA has: for MAP_SHARED|MAP_ANONYMOUS the kernel's own shared-memory file.
    /// </summary>
    Mmap = CallKind.Mmap,

    /// <summary>munmap. Arg0 addr, Arg1 length.</summary>
    Munmap = CallKind.Munmap,

    /// <summary>mprotect, pkey_mprotect. Arg0 addr, Arg1 length, Arg2 prot, Arg3 pkey (-1: none given).</summary>
    Mprotect = CallKind.Mprotect,

    /// <summary>mremap. Arg0 old address, Arg1 old length, Arg2 new length, Arg3 flags, Arg4 new address.</summary>
    Mremap = CallKind.Mremap,

    /// <summary>
    /// madvise, process_madvise (one event a range that it came to, on the target's mm). Arg0 addr, Arg1 length, Arg2
    /// advice, Arg3 1 where the error is not known: process_madvise says only how much it has advised.
    /// </summary>
    Madvise = CallKind.Madvise,

    /// <summary>brk. Arg0 the break asked for. Result: the break that is.</summary>
    Brk = CallKind.Brk,

    /// <summary>mlock, mlock2. Arg0 addr, Arg1 length, Arg2 flags of mlock2.</summary>
    Mlock = CallKind.Mlock,

    /// <summary>munlock. Arg0 addr, Arg1 length.</summary>
    Munlock = CallKind.Munlock,

    /// <summary>mlockall. Arg0 flags.</summary>
    Mlockall = CallKind.Mlockall,

    /// <summary>munlockall.</summary>
    Munlockall = CallKind.Munlockall,

    /// <summary>
    /// shmat. Arg0 shmid, Arg1 address asked for, Arg2 flags, Arg3 size in bytes, Arg4 <see cref="FileId"/>
    /// value.
    /// </summary>
    Shmat = CallKind.Shmat,

    /// <summary>shmdt. Arg0 addr.</summary>
    Shmdt = CallKind.Shmdt,

    /// <summary>mseal. Arg0 addr, Arg1 length, Arg2 flags.</summary>
    Mseal = CallKind.Mseal,

    /// <summary>
    /// prctl of a kind that concerns memory. Arg0 option, Arg1..Arg4 its arguments. Payload: the name that PR_SET_VMA
    /// gives.
    /// </summary>
    Prctl = CallKind.Prctl,

    /// <summary>mbind. Arg0 addr, Arg1 length, Arg2 mode, Arg3 first 64 bits of the node mask, Arg4 flags.</summary>
    Mbind = CallKind.Mbind,

    /// <summary>pkey_alloc. Arg0 flags, Arg1 rights; the result is the key.</summary>
    PkeyAlloc = CallKind.PkeyAlloc,

    /// <summary>pkey_free. Arg0 key.</summary>
    PkeyFree = CallKind.PkeyFree,

    /// <summary>
    /// UFFDIO_REGISTER, on the context's mm. Arg0 addr, Arg1 length, Arg2 UFFDIO_REGISTER_MODE_*, Arg3 the context, a
    /// number of this trace, Arg4 its UFFD_FEATURE_*.
    /// </summary>
    UserfaultRegister = CallKind.UserfaultRegister,

    /// <summary>UFFDIO_UNREGISTER. Arg0 addr, Arg1 length, Arg2 the context.</summary>
    UserfaultUnregister = CallKind.UserfaultUnregister,

    /// <summary>
    /// An ioctl that fills pages of a userfaultfd, or protects them. Arg0 addr, Arg1 length, Arg2 the number of the
    /// ioctl, Arg3 the source of a move, Arg4 the context, Arg5 how many bytes were done.
    /// </summary>
    UserfaultFill = CallKind.UserfaultFill,

    /// <summary>The last descriptor of a context was closed. Arg0 the context.</summary>
    UserfaultRelease = 36,

    /// <summary>
    /// A context that fork made for the child (UFFD_FEATURE_EVENT_FORK); Mm is the child's. Arg0 an address in a VMA
    /// that it watches, Arg1 the context.
    /// </summary>
    UserfaultFork = 37,

    /// <summary>
    /// What the next Mmap of this task came to by its driver: Arg0 the vm_flags that the VMA got, Arg1
    /// <see cref="DriverTraits"/>.
    /// </summary>
    DriverMapping = 38,

    /// <summary>
    /// setrlimit, prlimit of RLIMIT_STACK by the process itself. Arg0 the soft limit that is, in bytes.
    /// </summary>
    StackLimit = CallKind.StackLimit,

    /// <summary>personality. Arg0 the one that is.</summary>
    Personality = CallKind.Personality,

    /// <summary>remap_file_pages. Arg0 addr, Arg1 length, Arg2 prot, Arg3 page offset, Arg4 flags.</summary>
    RemapFilePages = CallKind.RemapFilePages,

    /// <summary>
    /// A page fault of a task. Arg0 byte address, Arg1 <see cref="TraceAccess"/>, Arg2 <see cref="PrepareOutcome"/>.
    /// It stands where it took effect: at its anon_vma preparation or stack growth if it had one.
    /// </summary>
    Fault = 48,

    /// <summary>
    /// An anon_vma was prepared for the VMA that contains Arg0, outside any fault (mlock, MAP_POPULATE, GUP, guard
    /// install). Arg1: <see cref="PrepareOutcome"/>. Arg2: <see cref="PrepareReason"/>.
    /// </summary>
    Prepare = 49,

    /// <summary>A stack grew to cover Arg0, outside any fault.</summary>
    StackGrow = 50,

    /// <summary>
    /// Pages were populated without a fault event. Arg0 addr, Arg1 length, Arg2 <see cref="TraceAccess"/>. With
    /// <see cref="TraceAccess.Kernel"/> as mm_populate does: each VMA for writing if it is private and writable, else
    /// for reading, and those without access skipped.
    /// </summary>
    Populate = 51,

    /// <summary>
    /// A file changed its size. Arg0: any <see cref="FileId"/> value of that inode. Arg1: new size in bytes.
    /// </summary>
    Truncate = 52,

    /// <summary>
    /// fallocate that took pages from a mapped file or moved them. Arg0: any <see cref="FileId"/> value of that inode.
    /// Arg1: FALLOC_FL_*, Arg2: offset, Arg3: length, in bytes. Another size has a Truncate of its own.
    /// </summary>
    Fallocate = 53,

    /// <summary>
    /// The kernel's true state of Mm. Payload: <see cref="MmImage"/>. Arg0: <see cref="CheckpointReason"/>.
    /// Arg1: 1 where no other task could change it meanwhile.
    /// </summary>
    Checkpoint = 64,

    /// <summary>Arg0 events were lost here.</summary>
    Lost = 65,

    /// <summary>
    /// VMAs of Mm were changed by what has no event of its own. Arg0: <see cref="NotFollowedCause"/>. Arg1: its number.
    /// Payload: what it was, as text.
    /// </summary>
    NotFollowed = 66,

    /// <summary>
    /// A <see cref="Checkpoint"/> as files hold it: what differs from the last image of Mm. Readers hand out a
    /// Checkpoint with all of it.
    /// </summary>
    CheckpointChange = 67,

    /// <summary>
    /// A function that is active in a stack. Arg0: the frame, from 1. Arg1: the frame that called it, named before; 0:
    /// none, or not known. Arg2: the <see cref="FileId"/> value of the file that holds the code, Arg3: where in it, in
    /// bytes from its beginning as it is mapped; Arg2 0: code of Mm that no file holds, Arg3: its address.
    /// </summary>
    StackFrame = 68,

    /// <summary>
    /// What symbols say of the code of a frame, and of all others there. Arg0: the frame. Payload: the name, as text.
    /// </summary>
    FrameName = 69,

    /// <summary>The next call of this task comes from here. Arg0: the innermost frame; 0: it is not known.</summary>
    CalledFrom = 70,
}

/// <summary>What an anon_vma was prepared for, outside any fault.</summary>
public enum PrepareReason : byte
{
    /// <summary>Any other reason, or the recorder did not say.</summary>
    Unknown = 0,

    /// <summary>Guard markers are installed: whether that needs an anon_vma is for each design to say.</summary>
    Guards = 1,
}

/// <summary>What an access wanted; bits.</summary>
[Flags]
public enum TraceAccess : byte
{
    Read = 0,
    Write = 1,
    Execute = 2,

    /// <summary>From kernel mode: read(2) into a buffer and the like.</summary>
    Kernel = 4,
}

/// <summary>Why a checkpoint was taken.</summary>
public enum CheckpointReason : byte
{
    Periodic = 0,
    ProcessExit = 1,
    BeforeExec = 2,
    End = 3,
    AfterFork = 4,
}

/// <summary>
/// One event. A value, so that reading a trace allocates nothing but payloads; which arguments mean what is said at
/// <see cref="TraceEventKind"/>.
/// </summary>
public struct TraceEvent
{
    public TraceEventKind Kind;

    /// <summary>Whether it is a system call with a result.</summary>
    public readonly bool IsCall => Call is >= CallTable.FirstKind and <= CallTable.LastKind;

    /// <summary>Which call, if it is one: they have the same numbers.</summary>
    public readonly CallKind Call => (CallKind)Kind;

    /// <summary>Whether it is a call that the kernel refused.</summary>
    public readonly bool IsRefused => SyscallResult.IsError(Result);

    /// <summary>The error of a refused call; else none.</summary>
    public readonly Errno Errno => SyscallResult.ErrnoOf(Result);

    /// <summary>The thread id of the task that acted; global pid namespace.</summary>
    public int Task;

    /// <summary>The address space: an id of this trace, from 1, never reused within it.</summary>
    public int Mm;

    /// <summary>Nanoseconds since the trace began.</summary>
    public ulong Time;

    /// <summary>What the call returned: a value, or a negated error number. 0 for events that are not calls.</summary>
    public long Result;

    public ulong Arg0;
    public ulong Arg1;
    public ulong Arg2;
    public ulong Arg3;
    public ulong Arg4;
    public ulong Arg5;

    /// <summary>Arg0 to Arg5 by number.</summary>
    public readonly ulong Argument(int at) => at switch
    {
        0 => Arg0,
        1 => Arg1,
        2 => Arg2,
        3 => Arg3,
        4 => Arg4,
        _ => Arg5,
    };

    /// <summary>Sets one of Arg0 to Arg5.</summary>
    internal void SetArgument(int at, ulong value)
    {
        switch (at)
        {
            case 0:
                Arg0 = value;
                break;
            case 1:
                Arg1 = value;
                break;
            case 2:
                Arg2 = value;
                break;
            case 3:
                Arg3 = value;
                break;
            case 4:
                Arg4 = value;
                break;
            default:
                Arg5 = value;
                break;
        }
    }

    /// <summary>
    /// By kind: a <see cref="FileIdentity"/>, an <see cref="MmImage"/>, <see cref="ForkReuses"/> or text; else null.
    /// </summary>
    public object? Payload;
}

/// <summary>An open file.</summary>
/// <param name="File">Its id, from 1.</param>
/// <param name="Kind">What is behind it.</param>
/// <param name="Device">Device number as in <c>s_dev</c> (major in the upper bits, minor in the lower 20).</param>
/// <param name="Inode">Inode number.</param>
/// <param name="SizeBytes">Size when first seen.</param>
/// <param name="Path">Path or name as seen, for people; may be empty.</param>
/// <param name="Modes">f_mode: a shared mapping of a file not open for writing loses VM_SHARED and VM_MAYWRITE.</param>
public sealed record FileIdentity(
    FileId File,
    FileKind Kind,
    ulong Device,
    ulong Inode,
    ulong SizeBytes,
    string Path,
    FileModes Modes = FileModes.Read | FileModes.Write);

/// <summary>What a fork reused, of VMAs where relatives changed the graph at the same time.</summary>
/// <param name="Vmas">By ascending start.</param>
public sealed record ForkReuses(IReadOnlyList<ForkReuse> Vmas);
