using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Which failed calls a replay runs. A failure that follows from the state of the address space is run and compared;
/// one that has its cause outside (permissions, limits of other resources, signals) is not, since the engine would
/// succeed.
/// </summary>
internal static class CallRules
{
    private const long MaxErrno = 4095;

    public static bool IsError(long result) => result is < 0 and >= -MaxErrno;

    /// <summary>Whether the engine can derive this failure from its own state.</summary>
    /// <param name="call">A call that failed.</param>
    /// <param name="mm">Its address space.</param>
    /// <param name="maxMapCount">vm.max_map_count.</param>
    public static bool IsDerivable(in TraceEvent call, Mm mm, int maxMapCount)
    {
        Errno errno = (Errno)(int)-call.Result;
        return errno switch
        {
            Errno.EINVAL or Errno.EACCES or Errno.EEXIST or Errno.EFAULT or Errno.EOVERFLOW => HasItsArguments(call),
            Errno.ENOMEM => FollowsFromLayout(call, mm, maxMapCount),

            // Only a seal forbids these, and what it forbids may have split a VMA already.
            Errno.EPERM => IsRefusedBySeals(call),

            // The flags are set; populating failed (__mlock_posix_error_return).
            Errno.EAGAIN => call.Kind == TraceEventKind.Mlock,
            _ => false,
        };
    }

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
    private static bool HasItsArguments(in TraceEvent call) => call.Kind switch
    {
        TraceEventKind.Mmap => call.Arg4 != 0 || ((MapFlags)call.Arg3 & MapFlags.Anonymous) != 0,
        TraceEventKind.Shmat => call.Arg4 != 0,
        TraceEventKind.Mbind => -call.Result == (long)Errno.EFAULT,
        TraceEventKind.Prctl => false,
        _ => true,
    };

    private static bool IsRefusedBySeals(in TraceEvent call) => call.Kind switch
    {
        TraceEventKind.Munmap or TraceEventKind.Mprotect or TraceEventKind.Mremap => true,
        TraceEventKind.Madvise => Enum.IsDefined((Advice)call.Arg2),
        TraceEventKind.Mmap => ((MapFlags)call.Arg3 & MapFlags.Fixed) != 0 && HasItsArguments(call),
        _ => false,
    };

    private static bool FollowsFromLayout(in TraceEvent call, Mm mm, int maxMapCount) => call.Kind switch
    {
        TraceEventKind.Munmap or TraceEventKind.Mprotect or TraceEventKind.Madvise => true,
        TraceEventKind.Mlock or TraceEventKind.Munlock or TraceEventKind.Mseal => true,
        TraceEventKind.Mmap => mm.Vmas.Count > maxMapCount || call.Arg1 > mm.TaskSize,
        TraceEventKind.Mremap => ((RemapFlags)call.Arg3 & RemapFlags.MayMove) == 0 || mm.Vmas.Count + 6 > maxMapCount,
        _ => false,
    };
}
