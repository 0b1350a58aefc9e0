using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Which addresses an event concerns.</summary>
internal static class EventRanges
{
    /// <summary>
    /// Whether an event touches [start, end) or borders on it. Events that concern a whole address space always do.
    /// </summary>
    public static bool Touches(in TraceEvent e, ulong start, ulong end)
    {
        switch (e.Kind)
        {
            case TraceEventKind.Mmap:
            case TraceEventKind.Shmat:
                ulong length = e.Kind == TraceEventKind.Mmap ? e.Arg1 : e.Arg3;
                return !CallRules.IsError(e.Result) && Meets((ulong)e.Result, length, start, end);
            case TraceEventKind.Mremap:
                return Meets(e.Arg0, Math.Max(e.Arg1, e.Arg2), start, end)
                    || (!CallRules.IsError(e.Result) && Meets((ulong)e.Result, e.Arg2, start, end));
            case TraceEventKind.Munmap:
            case TraceEventKind.Mprotect:
            case TraceEventKind.Madvise:
            case TraceEventKind.Mlock:
            case TraceEventKind.Munlock:
            case TraceEventKind.Mseal:
            case TraceEventKind.Mbind:
            case TraceEventKind.UserfaultRegister:
            case TraceEventKind.UserfaultUnregister:
            case TraceEventKind.UserfaultFill:
            case TraceEventKind.RemapFilePages:
            case TraceEventKind.Populate:
                return Meets(e.Arg0, e.Arg1, start, end);
            case TraceEventKind.Brk:
            case TraceEventKind.Fault:
            case TraceEventKind.Prepare:
            case TraceEventKind.StackGrow:
            case TraceEventKind.Shmdt:
                return Meets(e.Kind == TraceEventKind.Brk ? (ulong)e.Result : e.Arg0, Page.Size, start, end);
            default:
                return true;
        }
    }

    /// <summary>Whether a kind of event can change VMAs or their reverse map.</summary>
    public static bool MayChangeVmas(in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fault => e.Arg2 != (ulong)PrepareOutcome.Derive,
        TraceEventKind.Populate or TraceEventKind.Checkpoint or TraceEventKind.FileDefined => false,
        TraceEventKind.TaskStart or TraceEventKind.TaskExit or TraceEventKind.Truncate or TraceEventKind.Fallocate
            or TraceEventKind.UserfaultFill or TraceEventKind.StackLimit => false,
        _ => true,
    };

    private static bool Meets(ulong address, ulong length, ulong start, ulong end) =>
        address <= end && Page.AlignUp(address + Math.Max(length, 1)) >= start;
}
