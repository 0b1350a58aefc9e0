using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// What becomes of calls that the kernel refused. A failure that follows from the state of the address space is derived
/// and compared. One that has its cause outside (limits, overcommit, permissions, signals) is the kernel's: where the
/// engine would succeed, nothing is done but what the kernel does before it asks.
/// </summary>
internal static class CallRules
{
    /// <summary>
    /// How far below the limit mremap wants to be before it begins, in VMAs: what it may split and make on the way.
    /// </summary>
    private const int VmasOnTheWay = 5;

    /// <summary>Whether an address space has as many VMAs as it may, or would have on the way of a call.</summary>
    /// <param name="machine">Where it is.</param>
    /// <param name="id">It.</param>
    /// <param name="maxMapCount">vm.max_map_count.</param>
    public static bool IsNearLimit(Machine machine, MmId id, int maxMapCount) =>
        machine.World.Mms[id].Vmas.Count + VmasOnTheWay >= maxMapCount;

    /// <summary>What a replay does with a call that the kernel refused.</summary>
    /// <param name="call">It.</param>
    /// <param name="machine">Where it would be run.</param>
    /// <param name="id">Its address space.</param>
    /// <param name="maxMapCount">vm.max_map_count.</param>
    public static RefusedCall CourseOf(in TraceEvent call, Machine machine, MmId id, int maxMapCount)
    {
        Errno errno = call.Errno;
        Mm mm = machine.World.Mms[id];
        bool isFull = IsAboutOneRange(call) && IsFull(machine, id, call.Arg0, call.Arg1, maxMapCount);
        switch (call.Kind)
        {
            case TraceEventKind.Mmap when errno == Errno.ENOMEM:
                bool leavesSplits = ((MapFlags)call.Arg3 & MapFlags.Fixed) != 0;
                return leavesSplits || FollowsFromLayout(call, mm, maxMapCount) ? RefusedCall.Refuse : RefusedCall.Skip;
            case TraceEventKind.Mmap or TraceEventKind.Shmat:
                return HasItsArguments(call) ? RefusedCall.Refuse : RefusedCall.Skip;
            case TraceEventKind.Mprotect when errno == Errno.ENOMEM:
                return isFull || machine.HasHole(id, call.Arg0, call.Arg1) ? RefusedCall.Derive : RefusedCall.Refuse;
            case TraceEventKind.Madvise when errno is Errno.ENOMEM or Errno.EAGAIN || IsUntold(call):
                return isFull || machine.HasHole(id, call.Arg0, call.Arg1) ? RefusedCall.Derive : RefusedCall.Refuse;
            case TraceEventKind.Madvise when errno == Errno.EFAULT && !IsPopulationFailure(call):
                // process_madvise looks at its ranges before it looks at memory.
                return RefusedCall.Skip;
            case TraceEventKind.Mprotect or TraceEventKind.Madvise or TraceEventKind.Mremap:
                return RefusedCall.Refuse;

            // The flags are set where populating failed (__mlock_posix_error_return), and not where the limit did.
            case TraceEventKind.Mlock when errno == Errno.ENOMEM:
                return isFull || machine.HasHole(id, call.Arg0, call.Arg1) || machine.HasGap(id, call.Arg0, call.Arg1)
                    ? RefusedCall.Derive : RefusedCall.Skip;
            case TraceEventKind.Munlock or TraceEventKind.Mseal
                when errno == Errno.ENOMEM && machine.HasHole(id, call.Arg0, call.Arg1):
                return RefusedCall.Derive;
            case TraceEventKind.Prctl:
                return CourseOfName(call, errno, machine, id, maxMapCount);
            default:
                return isFull && errno == Errno.ENOMEM ? RefusedCall.Derive : CourseOfOther(call.Kind, errno);
        }
    }

    /// <summary>What is left of a name is with the memory before a file (EBADF) or around a hole (ENOMEM).</summary>
    private static RefusedCall CourseOfName(
        in TraceEvent call, Errno errno, Machine machine, MmId id, int maxMapCount)
    {
        if (call.Arg0 != (ulong)MemoryControl.SetVma || errno is not (Errno.ENOMEM or Errno.EBADF or Errno.EAGAIN))
        {
            return RefusedCall.Skip;
        }

        return IsFull(machine, id, call.Arg2, call.Arg3, maxMapCount)
            || machine.HasHole(id, call.Arg2, call.Arg3) ? RefusedCall.Derive : RefusedCall.Refuse;
    }

    /// <summary>Whether the splits of a call that changes this range alone would be too many VMAs.</summary>
    private static bool IsFull(Machine machine, MmId id, ulong address, ulong length, int maxMapCount) =>
        machine.World.Mms[id].Vmas.Count + machine.SplitsAt(id, address, length) > maxMapCount;

    /// <summary>Calls that ask before they change anything, and those that are of no address space's state.</summary>
    private static RefusedCall CourseOfOther(TraceEventKind kind, Errno errno) => kind switch
    {
        TraceEventKind.Munmap or TraceEventKind.Mseal =>
            errno is Errno.EINVAL or Errno.EPERM ? RefusedCall.Refuse : RefusedCall.Skip,
        TraceEventKind.UserfaultRegister =>
            errno is Errno.EINVAL or Errno.EPERM or Errno.EBUSY ? RefusedCall.Refuse : RefusedCall.Skip,
        TraceEventKind.PkeyAlloc or TraceEventKind.PkeyFree or TraceEventKind.UserfaultUnregister
            or TraceEventKind.RemapFilePages or TraceEventKind.Shmdt or TraceEventKind.Munlock
            or TraceEventKind.Mlockall => errno == Errno.EINVAL ? RefusedCall.Refuse : RefusedCall.Skip,
        TraceEventKind.Mlock => errno == Errno.EINVAL ? RefusedCall.Refuse
            : errno == Errno.EAGAIN ? RefusedCall.Derive : RefusedCall.Skip,
        TraceEventKind.Mbind => errno == Errno.EFAULT ? RefusedCall.Refuse : RefusedCall.Skip,
        _ => RefusedCall.Skip,
    };

    /// <summary>process_madvise says only how much it has advised: which error stopped it is not known.</summary>
    public static bool IsUntold(in TraceEvent call) => call.Kind == TraceEventKind.Madvise && call.Arg3 != 0;

    /// <summary>Whether its first two arguments are the range that it changes.</summary>
    private static bool IsAboutOneRange(in TraceEvent call) =>
        CallTable.Find(call.Call) is { HasRange: true, Returns: not CallValue.Address };

    /// <summary>
    /// Whether another result of the engine is no disagreement: it does not populate by itself in a replay, so it
    /// cannot know that populating failed.
    /// </summary>
    public static bool IsPopulationFailure(in TraceEvent call) => call.Kind switch
    {
        TraceEventKind.Mlock => true,
        TraceEventKind.Madvise => (Advice)call.Arg2 is Advice.PopulateRead or Advice.PopulateWrite or Advice.Collapse,
        _ => false,
    };

    /// <summary>A failed call often lacks its file: descriptors are looked up when it has succeeded.</summary>
    public static bool HasItsArguments(in TraceEvent call) => call.Arg4 != 0
        || (call.Kind == TraceEventKind.Mmap && ((MapFlags)call.Arg3 & MapFlags.Anonymous) != 0);

    private static bool FollowsFromLayout(in TraceEvent call, Mm mm, int maxMapCount) =>
        mm.Vmas.Count > maxMapCount || call.Arg1 > mm.TaskSize;
}

/// <summary>What a replay does with a call that the kernel refused.</summary>
internal enum RefusedCall
{
    /// <summary>It cannot have changed anything.</summary>
    Skip = 0,

    /// <summary>It is run: the engine has the reason, and what was done before it.</summary>
    Derive = 1,

    /// <summary>It is run, and ends with the kernel's error if the engine has no reason of its own.</summary>
    Refuse = 2,
}
