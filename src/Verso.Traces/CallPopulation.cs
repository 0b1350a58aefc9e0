using Verso.Engine;
using Verso.Engine.Calls;

namespace Verso.Traces;

/// <summary>What was so when a call returned, which its arguments do not say.</summary>
public readonly record struct PopulationFacts
{
    /// <summary>The end of the heap before a brk; 0 if it is not known.</summary>
    public ulong OldBreak { get; init; }

    /// <summary>mlockall(MCL_FUTURE) holds, without MCL_ONFAULT.</summary>
    public bool LocksFuture { get; init; }

    /// <summary>What mremap returned is locked, and not on fault.</summary>
    public bool IsLocked { get; init; }
}

/// <summary>mm_populate: pages that a call brings in itself, which no fault shows.</summary>
public static class CallPopulation
{
    private const ulong LockOnFault = 1;
    private const TraceAccess ByKernel = TraceAccess.Write | TraceAccess.Kernel;

    /// <summary>The population that a call made.</summary>
    /// <param name="call">A call and its result.</param>
    /// <param name="facts">What else decides.</param>
    /// <param name="populate">It, at the time and of the task of the call.</param>
    /// <returns>False if it made none.</returns>
    public static bool TryFind(in TraceEvent call, in PopulationFacts facts, out TraceEvent populate)
    {
        populate = new TraceEvent
        {
            Kind = TraceEventKind.Populate,
            Task = call.Task,
            Mm = call.Mm,
            Time = call.Time,
        };
        if (call.IsRefused)
        {
            return false;
        }

        switch (call.Call)
        {
            case CallKind.Mmap:
                MapFlags flags = (MapFlags)call.Arg3;
                bool asked = (flags & (MapFlags.Populate | MapFlags.NonBlock)) == MapFlags.Populate;
                return (asked || (flags & MapFlags.Locked) != 0 || facts.LocksFuture) && call.Arg2 != 0
                    && Cover(ref populate, (ulong)call.Result, call.Arg1, AccessTo(flags, call.Arg2));
            case CallKind.Brk:
                ulong from = Page.AlignUp(facts.OldBreak);
                ulong to = Page.AlignUp((ulong)call.Result);
                return facts.LocksFuture && facts.OldBreak != 0 && to > from
                    && Cover(ref populate, from, to - from, TraceAccess.Write);
            case CallKind.Mlock when (call.Arg2 & LockOnFault) == 0:
                return Cover(ref populate, call.Arg0, call.Arg1, ByKernel);
            case CallKind.Mlockall:
                return ((LockAll)call.Arg0 & (LockAll.Current | LockAll.OnFault)) == LockAll.Current
                    && Cover(ref populate, 0, Page.TaskSize, ByKernel);
            case CallKind.Madvise when (Advice)call.Arg2 == Advice.PopulateRead:
                return Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Read);
            case CallKind.Madvise when (Advice)call.Arg2 == Advice.PopulateWrite:
                return Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Write);
            case CallKind.RemapFilePages:
                return ((MapFlags)call.Arg4 & MapFlags.NonBlock) == 0
                    && Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Read);
            case CallKind.Mremap:
                ulong old = Page.AlignUp(call.Arg1);
                ulong wanted = Page.AlignUp(call.Arg2);
                return facts.IsLocked && wanted > old
                    && Cover(ref populate, unchecked((ulong)call.Result + old), wanted - old, ByKernel);
            default:
                return false;
        }
    }

    private static bool Cover(ref TraceEvent populate, ulong address, ulong length, TraceAccess access)
    {
        populate.Arg0 = Page.AlignDown(address);
        populate.Arg1 = unchecked(Page.AlignUp(address + length) - populate.Arg0);
        populate.Arg2 = (ulong)access;
        return populate.Arg1 != 0;
    }

    /// <summary>Private memory is populated for writing if it may be written (populate_vma_page_range).</summary>
    private static TraceAccess AccessTo(MapFlags flags, ulong protection)
    {
        bool isPrivate = (flags & MapFlags.TypeMask) == MapFlags.Private;
        return isPrivate && ((Protection)protection & Protection.Write) != 0 ? TraceAccess.Write : TraceAccess.Read;
    }
}
