using System.Globalization;
using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Lab.Fidelity;
using Verso.Lab.Words;
using Verso.Traces;

namespace Verso.Reports.Text;

/// <summary>An event on one line, much as strace writes calls.</summary>
public static class EventText
{
    /// <summary>
    /// <c>#12 +0.000345 4711 mm3 mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, file4, 0x0) = 0x7f...</c>
    /// </summary>
    public static string Line(NumberedEvent entry)
    {
        TraceEvent e = entry.Event;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"#{entry.Number} +{e.Time / 1e9:F6} {e.Task} mm{e.Mm} {Describe(e)}");
    }

    /// <summary>What the event is, without number, time, task and address space.</summary>
    public static string Describe(in TraceEvent e) =>
        CallTable.Find(e.Call) is CallRow call && !call.UsesContext
            ? DescribeCall(call, e)
            : DescribeOther(e);

    /// <summary>
    /// The name of a kind of event as it is printed: <c>mmap</c>, <c>stack-grow</c>. That of a call which another
    /// assembly added is in its row.
    /// </summary>
    public static string Name(TraceEventKind kind) => Enum.IsDefined(kind)
        ? Kebab.Of(kind.ToString())
        : CallTable.Find((CallKind)kind)?.Name ?? kind.ToString();

    /// <summary>The result of a call: a number, an address or an error's name.</summary>
    public static string ResultOf(long result) =>
        SyscallResult.IsError(result) ? SyscallResult.ErrnoOf(result).ToString() : Hex((ulong)result);

    private static string DescribeCall(CallRow call, in TraceEvent e)
    {
        List<string> arguments = [];
        string facts = "";
        int given = call.SystemCalls.Count == 0
            ? call.Arguments.Count
            : call.SystemCalls.Max(each => each.Registers.Count);
        for (int at = 0; at < call.Arguments.Count; at++)
        {
            ulong value = e.Argument(at);
            string text = call.Arguments[at] switch
            {
                ArgumentKind.Number => $"{value}",
                ArgumentKind.Prot => Prot(value),
                ArgumentKind.Map => LinuxConstants.Flags("MAP", value),
                ArgumentKind.Remap => LinuxConstants.Flags("MREMAP", value),
                ArgumentKind.Mcl => LinuxConstants.Flags("MCL", value),
                ArgumentKind.Madv => LinuxConstants.Value("MADV", value),
                ArgumentKind.Key => (long)value == -1 ? "" : $"pkey {value}",
                ArgumentKind.File => File(value),
                ArgumentKind.Size => $"of {Hex(value)} bytes",
                ArgumentKind.Untold => "",
                _ => Hex(value),
            };
            if (at < given && text.Length > 0)
            {
                arguments.Add(text);
            }
            else if (text.Length > 0)
            {
                facts += facts.Length == 0 ? $" {text}" : $", {text}";
            }
        }

        bool isUntold = call.Arguments is [.., ArgumentKind.Untold] && e.Argument(call.Arguments.Count - 1) != 0;
        return $"{call.Name}({string.Join(", ", arguments)}){facts}"
            + (isUntold ? " = an error that was not recorded" : Result(e));
    }

    private static string DescribeOther(in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fault => $"fault({Hex(e.Arg0)}, {Access(e.Arg1)}){Outcome(e.Arg2)}",
        TraceEventKind.Prepare => $"anon_vma_prepare({Hex(e.Arg0)}){Outcome(e.Arg1)}{Reason(e.Arg2)}",
        TraceEventKind.StackGrow => $"stack grows to {Hex(e.Arg0)}",
        TraceEventKind.Populate => $"populate({Hex(e.Arg0)}, {Hex(e.Arg1)}, {Access(e.Arg2)})",
        TraceEventKind.UserfaultRegister => $"ioctl(userfaultfd{e.Arg3}, UFFDIO_REGISTER, {Hex(e.Arg0)}, "
            + $"{Hex(e.Arg1)}, {Hex(e.Arg2)}){Result(e)}",
        TraceEventKind.UserfaultUnregister => $"ioctl(userfaultfd{e.Arg2}, UFFDIO_UNREGISTER, {Hex(e.Arg0)}, "
            + $"{Hex(e.Arg1)}){Result(e)}",
        TraceEventKind.UserfaultFill => $"ioctl(userfaultfd{e.Arg4}, {LinuxConstants.Value("UFFDIO", e.Arg2)}, "
            + $"{Hex(e.Arg0)}, {Hex(e.Arg1)}){Result(e)}",
        TraceEventKind.DriverMapping => $"the driver of the next mapping gives it the flags {Hex(e.Arg0)}",
        TraceEventKind.CalledFrom => e.Arg0 == 0 ? "the caller of the next call is not known"
            : $"the next call comes from frame {e.Arg0}",
        TraceEventKind.StackFrame => $"frame {e.Arg0}: {File(e.Arg2)} {Hex(e.Arg3)}, called by frame {e.Arg1}",
        TraceEventKind.FrameName => $"frame {e.Arg0} is {Printable.Of(e.Payload as string ?? "")}",
        TraceEventKind.UserfaultFork => $"userfaultfd{e.Arg1} of the child watches {Hex(e.Arg0)}",
        TraceEventKind.UserfaultRelease => $"userfaultfd{e.Arg0} is closed",
        TraceEventKind.Truncate => $"truncate({File(e.Arg0)}, {Hex(e.Arg1)}){Result(e)}",
        TraceEventKind.Fallocate =>
            $"fallocate({File(e.Arg0)}, {Hex(e.Arg1)}, {Hex(e.Arg2)}, {Hex(e.Arg3)}){Result(e)}",
        TraceEventKind.Fork => $"fork of mm{e.Mm}: child mm{e.Arg0}",
        TraceEventKind.Exec => $"exec into mm{e.Mm}, leaving mm{e.Arg0}",
        TraceEventKind.Attach => $"attach to mm{e.Mm}",
        TraceEventKind.MmExit => $"exit_mmap of mm{e.Mm}",
        TraceEventKind.TaskStart => $"task {e.Arg0} starts, flags {Hex(e.Arg1)}",
        TraceEventKind.TaskExit => $"task exits, code {Hex(e.Arg0)}",
        TraceEventKind.FileDefined => e.Payload is FileIdentity file
            ? $"{file.File} is {Printable.Of(file.Path)}"
            : "file defined",
        TraceEventKind.Checkpoint => Checkpoint(e),
        TraceEventKind.NotFollowed => $"mm{e.Mm} changed by {Printable.Of(e.Payload as string ?? "something")}",
        TraceEventKind.Lost => $"{e.Arg0} {Figures.Noun((long)e.Arg0, "event", "events")} lost",
        _ => $"event of kind {(int)e.Kind}",
    };

    private static string Checkpoint(in TraceEvent e)
    {
        string reason = Kebab.Of(((CheckpointReason)e.Arg0).ToString());
        return $"checkpoint ({reason}, {(e.Arg1 == 1 ? "quiescent" : "others running")})";
    }

    private static string Hex(ulong value) => value == 0 ? "0" : $"0x{value:x}";

    private static string File(ulong id) => id == 0 ? "-" : $"file{id}";

    private static string Result(in TraceEvent e) => $" = {ResultOf(e.Result)}";

    private static string Reason(ulong reason) =>
        (PrepareReason)reason == PrepareReason.Guards ? " for guard markers" : "";

    private static string Outcome(ulong outcome) => (PrepareOutcome)outcome switch
    {
        PrepareOutcome.Allocated => " -> anon_vma allocated",
        PrepareOutcome.Reused => " -> a neighbour's anon_vma",
        _ => "",
    };

    private static string Access(ulong value)
    {
        TraceAccess access = (TraceAccess)value;
        string kind = (access & TraceAccess.Write) != 0 ? "write"
            : (access & TraceAccess.Execute) != 0 ? "exec" : "read";
        return (access & TraceAccess.Kernel) != 0 ? $"{kind} by kernel" : kind;
    }

    private static string Prot(ulong value) => LinuxConstants.Flags("PROT", value);
}
