using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>Memory calls by name, and what they are in a trace.</summary>
internal static class MemoryCalls
{
    private const ulong NoKey = ulong.MaxValue;
    private const ulong SetMm = 35;
    private const ulong SetThpDisable = 41;
    private const ulong SetMdwe = 65;
    private const ulong SetMemoryMerge = 67;
    private const ulong SetVma = 0x53564d41;
    private const ulong LockOnFault = 1;

    /// <summary>
    /// How many arguments of this call a trace keeps; -1 if it is no memory call, -2 if a trace has no event for it.
    /// </summary>
    public static int ArgumentsOf(ReadOnlySpan<char> name) => name switch
    {
        "munlockall" => 0,
        "brk" or "shmdt" or "mlockall" or "pkey_free" => 1,
        "munmap" or "mlock" or "munlock" or "pkey_alloc" => 2,
        "mprotect" or "madvise" or "mlock2" or "shmat" or "mseal" => 3,
        "pkey_mprotect" => 4,
        "mremap" or "prctl" => 5,
        "mmap" or "mbind" => 6,
        "remap_file_pages" or "map_shadow_stack" or "process_madvise" => -2,
        _ => -1,
    };

    /// <summary>
    /// The event of a call, without its result and file; kind None if it does not concern memory after all.
    /// </summary>
    public static TraceEvent Translate(ReadOnlySpan<char> name, ReadOnlySpan<ulong> arguments)
    {
        Span<ulong> all = stackalloc ulong[6];
        all.Clear();
        arguments[..Math.Min(arguments.Length, Math.Max(0, ArgumentsOf(name)))].CopyTo(all);
        TraceEvent e = new()
        {
            Kind = KindOf(name),
            Arg0 = all[0],
            Arg1 = all[1],
            Arg2 = all[2],
            Arg3 = all[3],
            Arg4 = all[4],
            Arg5 = all[5],
        };
        switch (e.Kind)
        {
            case TraceEventKind.Mmap:
                e.Arg4 = 0;
                break;
            case TraceEventKind.Mprotect:
                e.Arg3 = arguments.Length > 3 ? (ulong)(int)all[3] : NoKey;
                break;
            case TraceEventKind.Mbind:
                e.Arg4 = all[5];
                e.Arg5 = 0;
                break;
            case TraceEventKind.Prctl when e.Arg0 is not (SetMm or SetThpDisable or SetMdwe or SetMemoryMerge
                or SetVma):
                e.Kind = TraceEventKind.None;
                break;
            default:
                break;
        }

        return e;
    }

    /// <summary>
    /// What a successful call populated itself (mm_populate), which no fault shows. False if nothing.
    /// </summary>
    public static bool TryFindPopulation(in TraceEvent call, ulong oldBreak, bool locksFuture, out TraceEvent populate)
    {
        populate = new TraceEvent { Kind = TraceEventKind.Populate, Task = call.Task, Mm = call.Mm };
        switch (call.Kind)
        {
            case TraceEventKind.Mmap:
                MapFlags flags = (MapFlags)call.Arg3;
                bool asked = (flags & (MapFlags.Populate | MapFlags.NonBlock)) == MapFlags.Populate;
                return (asked || (flags & MapFlags.Locked) != 0 || locksFuture) && call.Arg2 != 0
                    && Cover(ref populate, (ulong)call.Result, call.Arg1, WriteIfPrivate(call.Arg2, flags));
            case TraceEventKind.Brk:
                ulong from = Page.AlignUp(oldBreak);
                ulong to = Page.AlignUp((ulong)call.Result);
                return locksFuture && oldBreak != 0 && to > from
                    && Cover(ref populate, from, to - from, TraceAccess.Write);
            case TraceEventKind.Mlock when (call.Arg2 & LockOnFault) == 0:
                return Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Write | TraceAccess.Kernel);
            case TraceEventKind.Mlockall:
                return ((LockAll)call.Arg0 & (LockAll.Current | LockAll.OnFault)) == LockAll.Current
                    && Cover(ref populate, 0, Page.TaskSize, TraceAccess.Write | TraceAccess.Kernel);
            case TraceEventKind.Madvise when (Advice)call.Arg2 == Advice.PopulateRead:
                return Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Read);
            case TraceEventKind.Madvise when (Advice)call.Arg2 == Advice.PopulateWrite:
                return Cover(ref populate, call.Arg0, call.Arg1, TraceAccess.Write);
            default:
                return false;
        }
    }

    private static TraceEventKind KindOf(ReadOnlySpan<char> name) => name switch
    {
        "mmap" => TraceEventKind.Mmap,
        "munmap" => TraceEventKind.Munmap,
        "mprotect" or "pkey_mprotect" => TraceEventKind.Mprotect,
        "mremap" => TraceEventKind.Mremap,
        "madvise" => TraceEventKind.Madvise,
        "brk" => TraceEventKind.Brk,
        "mlock" or "mlock2" => TraceEventKind.Mlock,
        "munlock" => TraceEventKind.Munlock,
        "mlockall" => TraceEventKind.Mlockall,
        "munlockall" => TraceEventKind.Munlockall,
        "shmat" => TraceEventKind.Shmat,
        "shmdt" => TraceEventKind.Shmdt,
        "mseal" => TraceEventKind.Mseal,
        "mbind" => TraceEventKind.Mbind,
        "prctl" => TraceEventKind.Prctl,
        "pkey_alloc" => TraceEventKind.PkeyAlloc,
        "pkey_free" => TraceEventKind.PkeyFree,
        _ => TraceEventKind.None,
    };

    private static bool Cover(ref TraceEvent populate, ulong address, ulong length, TraceAccess access)
    {
        populate.Arg0 = Page.AlignDown(address);
        populate.Arg1 = unchecked(Page.AlignUp(address + length) - populate.Arg0);
        populate.Arg2 = (ulong)access;
        return populate.Arg1 != 0;
    }

    private static TraceAccess WriteIfPrivate(ulong protection, MapFlags flags)
    {
        bool isPrivate = (flags & MapFlags.TypeMask) == MapFlags.Private;
        return isPrivate && ((Protection)protection & Protection.Write) != 0 ? TraceAccess.Write : TraceAccess.Read;
    }
}
