using System.Globalization;
using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>
/// Imports the text of <c>perf script</c>: tracepoints of memory calls, <c>task:task_newtask</c>,
/// <c>sched:sched_process_exec</c> and <c>_exit</c>, <c>exceptions:page_fault_*</c>; with
/// <c>--show-mmap-events --show-task-events</c> of a recording made with -d also layouts and files.
/// </summary>
public sealed partial class PerfScriptImporter
{
    private const string EnterPrefix = "syscalls:sys_enter_";
    private const string ExitPrefix = "syscalls:sys_exit_";
    private const string Expected =
        "lines of perf script, such as 't 12139 [000] 1214.638989: syscalls:sys_enter_mmap: addr: 0x00000000, ...'";

    private readonly LineReader _lines;
    private readonly ImportTally _tally = new();
    private readonly EventOutlet _outlet;
    private readonly TaskTree _tasks;
    private readonly ImportedFiles _files;
    private readonly CallWriter _calls;
    private readonly Dictionary<int, PerfCall> _pending = [];
    private long _lost;

    private PerfScriptImporter(TextReader text, Func<TraceHeader, ITraceSink> begin, UnknownTasks unknown)
    {
        _lines = new LineReader(text);
        TraceHeader header = new()
        {
            Source = "perf",
            Grade = TraceGrade.NoFaults | TraceGrade.NoInitialLayout | TraceGrade.NoCheckpoints,
        };

        // Whether there are faults and layouts is known only when the first has been seen.
        _outlet = new EventOutlet(_lines, begin, header, HeaderTime.WhenSettled);
        _tasks = new TaskTree(_outlet, unknown);
        _files = new ImportedFiles(_outlet, _tally);
        _calls = new CallWriter(_outlet, _tasks);
    }

    /// <summary>Imports a text. <paramref name="begin"/> is called once, before the first event.</summary>
    /// <exception cref="ImportException">
    /// There is neither a memory call nor a fault, a fork or an exec in it.
    /// </exception>
    public static ImportSummary Import(
        TextReader text, Func<TraceHeader, ITraceSink> begin, UnknownTasks unknown = UnknownTasks.Detect)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(begin);
        return new PerfScriptImporter(text, begin, unknown).Run();
    }

    private ImportSummary Run()
    {
        while (_lines.Read() is string line)
        {
            _tally.Line = _lines.Number;
            ReadLine(line);
            if (!_outlet.HasEvents && LineReader.IsForeign(_tally.KnownLines, _lines.Number))
            {
                break;
            }
        }

        foreach (int tid in _layouts.Keys.ToArray())
        {
            CloseLayout(tid, 0);
        }

        _outlet.Settle();
        if (!_outlet.HasEvents)
        {
            throw ImportException.Of(
                _lines.Number, _tally, "perf script", "memory calls, page faults, forks or execs", Expected);
        }

        return new ImportSummary
        {
            Header = _outlet.Header,
            Lines = _lines.Number,
            Events = _outlet.Events,
            Calls = _outlet.Calls,
            OtherCalls = _tally.OtherCalls,
            WithoutResult = _tally.WithoutResult + _pending.Values.LongCount(call => call.ArgumentCount >= 0),
            NotImported = _tally.NotImported,
            UnknownLines = _tally.UnknownLines,
            FirstUnknownLine = _tally.FirstUnknownLine,
            Tasks = _tasks.Count,
            TasksOfUnknownOrigin = _tasks.OfUnknownOrigin,
            TakenFor = _tasks.TakenFor,
            Assumptions = _tally.Assumptions,
            Lost = _lost,
        };
    }

    private void ReadLine(string line)
    {
        if (line.StartsWith('#'))
        {
            ReadHeader(line);
            return;
        }

        if (string.IsNullOrWhiteSpace(line) || IsStackFrame(line))
        {
            return;
        }

        if (!PerfLine.TryRead(line, out PerfLine found))
        {
            _tally.Unknown(_tally.Line);
            return;
        }

        _tally.KnownLines++;
        _outlet.Clock = found.Time;
        NoteProcess(found.Tid, found.Pid);
        bool understood = found.Event switch
        {
            _ when found.Event.StartsWith(EnterPrefix, StringComparison.Ordinal) => Enter(found),
            _ when found.Event.StartsWith(ExitPrefix, StringComparison.Ordinal) => Leave(found),
            "task:task_newtask" => StartTask(found),
            "sched:sched_process_fork" => AssumeTask(found),
            "PERF_RECORD_FORK" => NoteFork(found),
            "sched:sched_process_exec" => Execute(found),
            "sched:sched_process_exit" => EndTask(found.Tid),
            "exceptions:page_fault_user" => Fault(found, TraceAccess.Read),
            "exceptions:page_fault_kernel" => Fault(found, TraceAccess.Kernel),
            "PERF_RECORD_COMM" => BeginLayout(found),
            "PERF_RECORD_MMAP2" => Map(found),
            "PERF_RECORD_EXIT" => EndTask(found.Tid),
            "PERF_RECORD_LOST" or "PERF_RECORD_LOST_SAMPLES" => Lose(found),
            _ => true,
        };
        if (!understood)
        {
            _tally.Unknown(_tally.Line);
        }
    }

    /// <summary>What perf script --header says.</summary>
    private void ReadHeader(string line)
    {
        int colon = line.IndexOf(" : ", StringComparison.Ordinal);
        if (colon < 0)
        {
            return;
        }

        string value = line[(colon + 3)..].Trim();
        if (line.StartsWith("# cmdline :", StringComparison.Ordinal))
        {
            string[] words = value.Split(' ');
            _tasks.IsAttach = words.Any(word => word.StartsWith("-p", StringComparison.Ordinal)
                || word.StartsWith("--pid", StringComparison.Ordinal));
        }

        _outlet.Header = line[1..colon].Trim() switch
        {
            "os release" => _outlet.Header with { Kernel = value },
            "arch" => _outlet.Header with { Machine = value },
            _ => _outlet.Header,
        };
    }

    /// <summary>A line of a call chain: <c>    7f7d654dc000 main (/usr/bin/t)</c>.</summary>
    private static bool IsStackFrame(string line)
    {
        ReadOnlySpan<char> text = line.AsSpan().TrimStart();
        int space = text.IndexOf(' ');
        return space >= 4 && text.Length < line.Length && text.EndsWith(')')
            && ulong.TryParse(text[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
    }

    private bool Enter(in PerfLine line)
    {
        string name = line.Event[EnterPrefix.Length..];
        if (name is not "brk")
        {
            CloseLayout(line.Tid, 0);
        }

        if (_pending.Remove(line.Tid, out PerfCall? unfinished) && unfinished.ArgumentCount >= 0)
        {
            _tally.WithoutResult++;
        }

        PerfCall call = new(name, MemoryCalls.ArgumentsOf(name));
        _pending.Add(line.Tid, call);
        return call.TryReadArguments(line.Text);
    }

    private bool Leave(in PerfLine line)
    {
        string name = line.Event[ExitPrefix.Length..];
        if (!StraceValue.TryParseNumber(line.Text, out ulong result))
        {
            return false;
        }

        if (!_pending.TryGetValue(line.Tid, out PerfCall? call) || call.Name != name)
        {
            return true;
        }

        _pending.Remove(line.Tid);
        if (name is "brk")
        {
            CloseLayout(line.Tid, result);
        }

        if (CloneText.IsClone(name) && !SyscallResult.IsError((long)result) && result is > 0 and <= int.MaxValue)
        {
            StartReturned(line.Tid, call, (int)result);
        }

        switch (call.ArgumentCount)
        {
            case -1:
                _tally.OtherCalls++;
                if (name is "shmget" && !SyscallResult.IsError((long)result) && call.Arguments.Count > 1)
                {
                    _files.DefineSegment((long)result, call.Arguments[1]);
                }

                break;
            case < -1:
                _tally.NotImported++;
                break;
            default:
                WriteCall(TaskOf(line.Tid), call, (long)result);
                break;
        }

        return true;
    }

    private void WriteCall(ImportedTask task, PerfCall call, long result)
    {
        if (call.Arguments.Count < call.ArgumentCount)
        {
            _tally.NotImported++;
            return;
        }

        Span<ulong> arguments = stackalloc ulong[6];
        call.CopyTo(arguments);
        TraceEvent e = MemoryCalls.Translate(call.Name, arguments[..call.ArgumentCount]);
        _tasks.MmOf(task);
        switch (e.Kind)
        {
            case TraceEventKind.None:
                _tally.OtherCalls++;
                return;
            case TraceEventKind.Mmap when ((MapFlags)e.Arg3 & MapFlags.Anonymous) == 0
                && !SyscallResult.IsError(result):
                int descriptor = (int)arguments[4];
                ImportedFile file = call.File ?? _files.OfDescriptor(task, descriptor, e);
                e.Arg4 = (ulong)_files.Map(file, task).Value;
                break;
            case TraceEventKind.Shmat:
                ImportedFile segment = call.File ?? _files.OfSegment((long)e.Arg0);
                e.Arg3 = segment.SizeBytes;
                e.Arg4 = (ulong)_files.Map(segment, task).Value;
                break;
            case TraceEventKind.Mbind:
                // The node mask is behind a pointer.
                e.Arg3 = 0;
                _tally.Assumptions++;
                break;
            default:
                break;
        }

        _calls.Write(task, e, result);
    }

    private bool Fault(in PerfLine line, TraceAccess mode)
    {
        const ulong WriteBit = 2;
        const ulong FetchBit = 0x10;
        if (!PerfLine.TryFindField(line.Text, "address", NumberStyles.AllowHexSpecifier, out ulong address)
            || !PerfLine.TryFindField(line.Text, "error_code", NumberStyles.AllowHexSpecifier, out ulong code))
        {
            return false;
        }

        if (address >= Page.TaskSize)
        {
            return true;
        }

        _outlet.Header = _outlet.Header with { Grade = _outlet.Header.Grade & ~TraceGrade.NoFaults };
        TraceAccess access = mode | ((code & WriteBit) != 0 ? TraceAccess.Write : TraceAccess.Read);
        access |= (code & FetchBit) != 0 ? TraceAccess.Execute : TraceAccess.Read;
        TraceEvent fault = new() { Kind = TraceEventKind.Fault, Task = line.Tid, Arg0 = address, Arg1 = (ulong)access };
        if (_layouts.TryGetValue(line.Tid, out PerfLayout? layout))
        {
            layout.Later.Add(fault);
            return true;
        }

        fault.Mm = _tasks.MmOf(TaskOf(line.Tid));
        _outlet.Write(fault);
        return true;
    }

    private bool Lose(in PerfLine line)
    {
        string text = line.Text;
        int at = text.LastIndexOf(' ');
        if (!StraceValue.TryParseNumber(text.AsSpan(at + 1), out ulong count) || count > int.MaxValue)
        {
            return false;
        }

        _lost += (long)count;
        _outlet.Write(new TraceEvent { Kind = TraceEventKind.Lost, Arg0 = count });
        return true;
    }
}
