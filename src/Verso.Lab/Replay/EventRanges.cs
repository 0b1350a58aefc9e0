using Verso.Engine;
using Verso.Engine.Calls;
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
        if (CallTable.Find(e.Call) is CallRow call)
        {
            return Touches(call, e, start, end);
        }

        return e.Kind switch
        {
            TraceEventKind.Populate => Meets(e.Arg0, e.Arg1, start, end),
            TraceEventKind.Fault or TraceEventKind.Prepare or TraceEventKind.StackGrow =>
                Meets(e.Arg0, Page.Size, start, end),
            _ => true,
        };
    }

    private static bool Touches(CallRow call, in TraceEvent e, ulong start, ulong end)
    {
        ulong length = call.LengthOfResult < 0 ? Page.Size : e.Argument(call.LengthOfResult);
        bool isSomewhere = call.Returns is CallValue.Address or CallValue.Break;
        if (isSomewhere && !e.IsRefused && Meets((ulong)e.Result, length, start, end))
        {
            return true;
        }

        return call.Arguments switch
        {
            [ArgumentKind.Address, ArgumentKind.Length, ArgumentKind.NewLength, ..] =>
                Meets(e.Arg0, Math.Max(e.Arg1, e.Arg2), start, end),
            [ArgumentKind.Address, ArgumentKind.Length, ..] => Meets(e.Arg0, e.Arg1, start, end),
            [ArgumentKind.Address, ..] => Meets(e.Arg0, Page.Size, start, end),
            _ => !isSomewhere,
        };
    }

    /// <summary>Whether a kind of event can change VMAs or their reverse map.</summary>
    public static bool MayChangeVmas(in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fault => e.Arg2 != (ulong)PrepareOutcome.Derive,
        TraceEventKind.Populate or TraceEventKind.Checkpoint or TraceEventKind.FileDefined => false,
        TraceEventKind.TaskStart or TraceEventKind.TaskExit or TraceEventKind.Truncate or TraceEventKind.Fallocate
            or TraceEventKind.UserfaultFill or TraceEventKind.StackLimit => false,
        TraceEventKind.StackFrame or TraceEventKind.FrameName or TraceEventKind.CalledFrom => false,
        _ => true,
    };

    private static bool Meets(ulong address, ulong length, ulong start, ulong end) =>
        address <= end && Page.AlignUp(address + Math.Max(length, 1)) >= start;
}
