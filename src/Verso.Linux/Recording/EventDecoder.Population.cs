using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Linux.Recording;

// mm_populate: pages that a call brings in itself, which no fault event shows.
internal sealed unsafe partial class EventDecoder
{
    private const ulong LockOnFaultFlag = 1;

    private void EmitPopulation(in CallRecord call, in Outcome outcome, ResultFlags flags, ulong time)
    {
        if (IsError(outcome.Result))
        {
            return;
        }

        var populate = Event(TraceEventKind.Populate, call.Head);
        populate.Time = Since(time);
        if (FindPopulation(call, outcome, flags, ref populate))
        {
            sequencer.Add(populate);
        }
    }

    private static bool FindPopulation(
        in CallRecord call, in Outcome outcome, ResultFlags flags, ref TraceEvent populate)
    {
        var locksFuture = (flags & ResultFlags.LocksFuture) != 0;
        var vmaLocked = ((VmaFlags)outcome.VmaFlags & VmaFlags.LockedMask) == VmaFlags.Locked;
        switch ((CallKind)call.Head.A)
        {
            case CallKind.Mmap:
                var mapFlags = (MapFlags)call.Arg3;
                var asked = (mapFlags & (MapFlags.Populate | MapFlags.NonBlock)) == MapFlags.Populate;
                return (asked || (mapFlags & MapFlags.Locked) != 0 || locksFuture) && call.Arg2 != 0
                    && Span(ref populate, (ulong)outcome.Result, call.Arg1, WriteIfPrivate(call.Arg2, mapFlags));
            case CallKind.Brk:
                var from = Page.AlignUp(call.Arg1);
                var to = Page.AlignUp((ulong)outcome.Result);
                return locksFuture && to > from && Span(ref populate, from, to - from, TraceAccess.Write);
            case CallKind.Mlock:
            case CallKind.Mlock2 when (call.Arg2 & LockOnFaultFlag) == 0:
                return Span(ref populate, call.Arg0, call.Arg1, TraceAccess.Write | TraceAccess.Kernel);
            case CallKind.Mlockall:
                return ((LockAll)call.Arg0 & (LockAll.Current | LockAll.OnFault)) == LockAll.Current
                    && Span(ref populate, 0, Page.TaskSize, TraceAccess.Write | TraceAccess.Kernel);
            case CallKind.Madvise when (Advice)call.Arg2 == Advice.PopulateRead:
                return Span(ref populate, call.Arg0, call.Arg1, TraceAccess.Read);
            case CallKind.Madvise when (Advice)call.Arg2 == Advice.PopulateWrite:
                return Span(ref populate, call.Arg0, call.Arg1, TraceAccess.Write);
            case CallKind.RemapFilePages:
                return ((MapFlags)call.Arg4 & MapFlags.NonBlock) == 0
                    && Span(ref populate, call.Arg0, call.Arg1, TraceAccess.Read);
            case CallKind.Mremap:
                return vmaLocked && call.Arg2 > call.Arg1 && Span(
                    ref populate,
                    (ulong)outcome.Result + Page.AlignUp(call.Arg1),
                    Page.AlignUp(call.Arg2) - Page.AlignUp(call.Arg1),
                    TraceAccess.Write | TraceAccess.Kernel);
            default:
                return false;
        }
    }

    private static bool Span(ref TraceEvent populate, ulong address, ulong length, TraceAccess access)
    {
        populate.Arg0 = Page.AlignDown(address);
        populate.Arg1 = Page.AlignUp(address + length) - populate.Arg0;
        populate.Arg2 = (ulong)access;
        return populate.Arg1 != 0;
    }

    private static TraceAccess WriteIfPrivate(ulong protection, MapFlags flags)
    {
        var isPrivate = (flags & MapFlags.TypeMask) == MapFlags.Private;
        return isPrivate && ((Protection)protection & Protection.Write) != 0 ? TraceAccess.Write : TraceAccess.Read;
    }
}
