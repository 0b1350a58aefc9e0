using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.LockStep;

/// <summary>Which calls that a kernel refused are asked for again, where nothing may refuse them.</summary>
internal static class RefusedSteps
{
    /// <summary>Bytes that such a call may populate.</summary>
    private const ulong MostPopulated = 16 << 20;

    private const MapFlags Populating = MapFlags.Populate | MapFlags.Locked;
    private const ulong PlainProtection = 7;

    /// <summary>
    /// Whether a step can say what the call asked for, and no harm is done if it is granted. Refusals whose reason is
    /// never in an address space (EPERM and EAGAIN of locking, a signal, a driver) are not asked for again.
    /// </summary>
    public static bool MayBeTaken(in TraceEvent call)
    {
        Errno errno = call.Errno;
        bool isOfSpace = errno is Errno.EINVAL or Errno.EACCES or Errno.EEXIST or Errno.EFAULT or Errno.ENOMEM
            or Errno.EOVERFLOW or Errno.EPERM;
        return isOfSpace && call.Kind switch
        {
            TraceEventKind.Mmap => MayMap(call),
            TraceEventKind.Munmap or TraceEventKind.Munlock => true,
            TraceEventKind.Mprotect => call.Arg2 <= PlainProtection && (long)call.Arg3 == -1,
            TraceEventKind.Mremap => call.Arg3 < 8,
            TraceEventKind.Madvise => call.Arg3 == 0 && !Populates((Advice)call.Arg2, call.Arg1),
            TraceEventKind.Mlock => errno != Errno.EPERM && call.Arg2 <= 1 && call.Arg1 <= MostPopulated,
            TraceEventKind.Mbind => errno == Errno.EFAULT,
            TraceEventKind.Mseal => errno == Errno.ENOMEM,
            _ => false,
        };
    }

    private static bool MayMap(in TraceEvent call)
    {
        MapFlags flags = (MapFlags)call.Arg3;
        bool isKnownType = (flags & MapFlags.TypeMask) is MapFlags.Private or MapFlags.Shared or MapFlags.Droppable;
        return isKnownType && Replay.CallRules.HasItsArguments(call)
            && ((flags & Populating) == 0 || call.Arg1 <= MostPopulated);
    }

    private static bool Populates(Advice advice, ulong bytes) =>
        advice is Advice.PopulateRead or Advice.PopulateWrite && bytes > MostPopulated;
}
