using Verso.Engine;
using Verso.Engine.Calls;

namespace Verso.Traces;

/// <summary>
/// What holds for every event by itself, so that nothing behind the reader has to doubt it. What only lost events
/// explain (an address space that never began, one that begins again) is no fault of the file: replays count it.
/// </summary>
internal static class EventRules
{
    /// <summary>More than any recording loses; a sum of them does not overflow.</summary>
    private const ulong MostLost = 1UL << 48;

    private const ulong AccessBits = (ulong)(TraceAccess.Write | TraceAccess.Execute | TraceAccess.Kernel);

    /// <summary>The rule that an event breaks, as what was expected; null if none.</summary>
    public static string? FindBroken(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.Fault:
                return FindBrokenSpace(e) ?? FindBrokenAccess(e.Arg1) ?? FindBrokenOutcome(e.Arg2);
            case TraceEventKind.Prepare:
                return FindBrokenSpace(e) ?? FindBrokenOutcome(e.Arg1) ?? FindBrokenReason(e.Arg2);
            case TraceEventKind.Populate:
                return FindBrokenSpace(e) ?? FindBrokenAccess(e.Arg2);
            case var _ when CallTable.Find(e.Call) is CallRow call:
                return FindBrokenSpace(e) ?? FindBrokenCall(call, e);
            case TraceEventKind.StackGrow or TraceEventKind.MmExit:
                return FindBrokenSpace(e);
            default:
                return FindBrokenRare(e);
        }
    }

    private static string? FindBrokenRare(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.FileDefined:
                return e.Payload is FileIdentity { File.IsNone: false } ? null : "a file with an id";
            case TraceEventKind.Fork:
                return FindBrokenSpace(e)
                    ?? (e.Arg0 is > 0 and <= int.MaxValue && e.Arg0 != (ulong)e.Mm
                        ? null
                        : "a fork whose child is another address space");
            case TraceEventKind.Exec:
                return FindBrokenSpace(e)
                    ?? (e.Arg0 <= int.MaxValue && e.Arg0 != (ulong)e.Mm
                        ? null
                        : "an exec that leaves another address space");
            case TraceEventKind.Attach:
                return FindBrokenSpace(e);
            case TraceEventKind.Checkpoint:
                return FindBrokenSpace(e) ?? (e.Payload is null ? "an image" : null);
            case TraceEventKind.Truncate or TraceEventKind.Fallocate:
                return FindBrokenFile(e.Arg0);
            case TraceEventKind.StackFrame:
                return FindBrokenFrame(e.Arg0) ?? FindBrokenFile(e.Arg2)
                    ?? (e.Arg1 < e.Arg0 ? null : "a frame whose caller was named before it");
            case TraceEventKind.FrameName:
                return FindBrokenFrame(e.Arg0) ?? (e.Payload is null ? "a name" : null);
            case TraceEventKind.CalledFrom:
                return e.Arg0 <= int.MaxValue ? null : "ids of frames below 2^31";
            case TraceEventKind.Lost:
                return e.Arg0 <= MostLost ? null : "a number of lost events";
            default:
                return null;
        }
    }

    private static string? FindBrokenCall(CallRow call, in TraceEvent e)
    {
        for (int at = 0; at < call.Arguments.Count; at++)
        {
            if (call.Arguments[at] == ArgumentKind.File && FindBrokenFile(e.Argument(at)) is string broken)
            {
                return broken;
            }
        }

        return call.Returns == CallValue.Address ? FindBrokenAddress(e.Result) : null;
    }

    private static string? FindBrokenSpace(in TraceEvent e) => e.Mm > 0 ? null : "an address space";

    private static string? FindBrokenFile(ulong id) => id <= int.MaxValue ? null : "ids of files below 2^31";

    private static string? FindBrokenFrame(ulong id) =>
        id is > 0 and <= int.MaxValue ? null : "ids of frames from 1, below 2^31";

    private static string? FindBrokenAccess(ulong access) =>
        (access & ~AccessBits) == 0 ? null : "accesses of this version";

    private static string? FindBrokenOutcome(ulong outcome) =>
        outcome <= (ulong)PrepareOutcome.Reused ? null : "outcomes of preparations of this version";

    private static string? FindBrokenReason(ulong reason) =>
        reason <= (ulong)PrepareReason.Guards ? null : "reasons of preparations of this version";

    /// <summary>The kernel returns pages of user space, or an error number.</summary>
    private static string? FindBrokenAddress(long result)
    {
        return SyscallResult.IsError(result) || ((ulong)result < Page.TaskSize && Page.IsAligned((ulong)result))
            ? null
            : "an address of user space as the result";
    }
}
