using System.Globalization;

namespace Verso.Traces.Importers;

/// <summary>
/// Imports the text of <c>strace -f -o FILE -ttt -T -y</c> (and of most other options). strace sees calls, no page
/// faults and no layouts: the grade says so. Calls are written in the order in which strace saw them return.
/// </summary>
public sealed partial class StraceImporter
{
    private const string Unfinished = "<unfinished ...>";
    private const string Resumed = " resumed>";
    private const string Attached = " attached";
    private const string Message = "strace: ";
    private const string ProcessMessage = "strace: Process ";
    private const string PidChanged = "<pid changed to ";
    private const string Expected =
        "lines of strace -f -o FILE -ttt -T -y, "
        + "such as '11887 1795218199.576085 brk(NULL) = 0x5578d6c5f000 <0.000043>'";

    /// <summary>The task of lines without one, until a line names it.</summary>
    private const int UnnamedTid = 1;

    private readonly LineReader _lines;
    private readonly ImportTally _tally = new();
    private readonly EventOutlet _outlet;
    private readonly TaskTree _tasks;
    private readonly ImportedFiles _files;
    private readonly CallWriter _calls;
    private string? _splice;
    private long _lastTime;
    private long _days;

    private StraceImporter(TextReader text, Func<TraceHeader, ITraceSink> begin, UnknownTasks unknown)
    {
        _lines = new LineReader(text);
        TraceHeader header = new()
        {
            Source = "strace",
            Grade = TraceGrade.NoFaults | TraceGrade.NoInitialLayout | TraceGrade.NoCheckpoints,
        };
        _outlet = new EventOutlet(_lines, begin, header, HeaderTime.AtFirstEvent);
        _tasks = new TaskTree(_outlet, unknown) { IsAttach = true };
        _files = new ImportedFiles(_outlet, _tally);
        _calls = new CallWriter(_outlet, _tasks);
    }

    /// <summary>Imports a text. <paramref name="begin"/> is called once, before the first event.</summary>
    /// <exception cref="ImportException">There is neither a memory call nor a fork or an exec in it.</exception>
    public static ImportSummary Import(
        TextReader text, Func<TraceHeader, ITraceSink> begin, UnknownTasks unknown = UnknownTasks.Detect)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(begin);
        return new StraceImporter(text, begin, unknown).Run();
    }

    private ImportSummary Run()
    {
        while (_lines.Read() is string line)
        {
            _tally.Line = _lines.Number;
            ReadLine(WithoutColours(line));
            if (!_outlet.HasEvents && LineReader.IsForeign(_tally.KnownLines, _lines.Number))
            {
                break;
            }
        }

        Finish();
        if (!_outlet.HasEvents)
        {
            throw ImportException.Of(_lines.Number, _tally, "strace", "memory calls", Expected);
        }

        return new ImportSummary
        {
            Header = _outlet.Header,
            Lines = _lines.Number,
            Events = _outlet.Events,
            Calls = _outlet.Calls,
            OtherCalls = _tally.OtherCalls,
            Injected = _tally.Injected,
            WithoutResult = _tally.WithoutResult,
            NotImported = _tally.NotImported,
            UnknownLines = _tally.UnknownLines,
            FirstUnknownLine = _tally.FirstUnknownLine,
            Tasks = _tasks.Count,
            TasksOfUnknownOrigin = _tasks.OfUnknownOrigin,
            TakenFor = _tasks.TakenFor,
            Assumptions = _tally.Assumptions,
        };
    }

    private void ReadLine(string line)
    {
        // A stack of -k.
        if (line.Length == 0 || line.StartsWith(" > ", StringComparison.Ordinal))
        {
            return;
        }

        if (_splice is not null)
        {
            line = _splice + line;
            _splice = null;
        }

        if (TrySplice(line))
        {
            return;
        }

        StraceLine prefix = StraceLine.Read(line);
        Advance(prefix);
        string body = line[prefix.Body..];
        if (body.StartsWith(Message, StringComparison.Ordinal))
        {
            _tally.KnownLines++;
            return;
        }

        if (!IsEventOfTask(body))
        {
            _tally.Unknown(_tally.Line);
            return;
        }

        _tally.KnownLines++;
        if (FindTask(prefix.Tid, body) is ImportedTask task)
        {
            ReadBody(task, body);
        }
    }

    /// <summary>
    /// On a terminal, <c>strace: Process 11879 attached</c> and a line end stand in the middle of a line. True if
    /// this line ends so: what stood before waits for the next one.
    /// </summary>
    private bool TrySplice(string line)
    {
        int at = line.LastIndexOf(ProcessMessage, StringComparison.Ordinal);
        if (at < 0 || !line.EndsWith(Attached, StringComparison.Ordinal))
        {
            return false;
        }

        int from = at + ProcessMessage.Length;
        int to = line.Length - Attached.Length;
        if (to <= from || !TryParseTid(line.AsSpan(from, to - from), out int tid))
        {
            return false;
        }

        _announced.Add(tid);
        StraceLine prefix = StraceLine.Read(line);
        bool isWholeLine = prefix.Body >= at || line.Length > LineReader.MaxLineLength;
        _splice = isWholeLine ? null : line[..at];
        return true;
    }

    private void Advance(in StraceLine prefix)
    {
        const long Day = 86_400_000_000_000;
        switch (prefix.Clock)
        {
            case StraceClock.Wall:
                _outlet.ClockIsWall = true;
                _outlet.Clock = prefix.Time;
                break;
            case StraceClock.Day:
                _days += prefix.Time < _lastTime - (Day / 2) ? 1 : 0;
                _lastTime = prefix.Time;
                _outlet.Clock = (_days * Day) + prefix.Time;
                break;
            case StraceClock.Relative:
                _outlet.Clock = Math.Min(long.MaxValue / 2, _outlet.Clock) + prefix.Time;
                break;
            default:
                break;
        }
    }

    private static bool IsEventOfTask(string body) =>
        body.StartsWith("+++ ", StringComparison.Ordinal)
        || body.StartsWith("--- ", StringComparison.Ordinal)
        || (body.StartsWith("<... ", StringComparison.Ordinal) && body.Contains(Resumed, StringComparison.Ordinal))
        || !StraceCall.NameOf(body).IsEmpty;

    private void ReadBody(ImportedTask task, string body)
    {
        if (body.StartsWith("+++ ", StringComparison.Ordinal))
        {
            ReadEnd(task, body);
        }
        else if (body.StartsWith("<... ", StringComparison.Ordinal))
        {
            Resume(task, body);
        }
        else if (!body.StartsWith("--- ", StringComparison.Ordinal))
        {
            ReadCall(task, body);
        }
    }

    private void ReadCall(ImportedTask task, string text)
    {
        if (text.EndsWith(Unfinished, StringComparison.Ordinal))
        {
            Suspend(task, text[..^Unfinished.Length].TrimEnd());
            return;
        }

        int change = text.LastIndexOf(PidChanged, StringComparison.Ordinal);
        if (change >= 0 && text.EndsWith("...>", StringComparison.Ordinal))
        {
            Suspend(task, text[..change].TrimEnd());
            int from = change + PidChanged.Length;
            int length = text.AsSpan(from).IndexOf(' ');
            if (length > 0 && TryParseTid(text.AsSpan(from, length), out int leader))
            {
                _taken[leader] = task;
            }

            return;
        }

        Complete(task, text);
    }

    private void Suspend(ImportedTask task, string head)
    {
        if (_pending.Remove(task, out PendingCall? lost))
        {
            _tally.WithoutResult += MemoryCalls.ArgumentsOf(StraceCall.NameOf(lost.Head)) >= 0 ? 1 : 0;
        }

        _pending.Add(task, new PendingCall(head));
        if (StraceCall.NameOf(head) is "exit" or "exit_group")
        {
            BeginExit(task, StraceCall.NameOf(head));
        }
    }

    /// <summary>The rest of a call: <c>&lt;... mmap resumed&gt;) = 0x7feebc7d7000 &lt;0.000034&gt;</c>.</summary>
    private void Resume(ImportedTask task, string body)
    {
        int at = body.IndexOf(Resumed, StringComparison.Ordinal);
        ReadOnlySpan<char> name = body.AsSpan(5, Math.Max(0, at - 5));
        _pending.Remove(task, out PendingCall? call);

        // A thread that is not the leader has called execve; it goes on under the leader's id.
        if (!IsCallOf(call, name) && name.StartsWith("execve")
            && _taken.Remove(task.Tid, out ImportedTask? taker) && _pending.Remove(taker, out call))
        {
            task = taker;
        }

        if (call is null || !IsCallOf(call, name))
        {
            _tally.Unknown(_tally.Line);
            return;
        }

        _resuming = call;
        ReadCall(task, call.Head + body[(at + Resumed.Length)..]);
        _resuming = null;
    }

    private static bool IsCallOf(PendingCall? call, ReadOnlySpan<char> name) =>
        call is not null && StraceCall.NameOf(call.Head).SequenceEqual(name);

    /// <summary>
    /// <c>+++ exited with 0 +++</c>, <c>+++ killed by SIGSEGV +++</c>, <c>+++ superseded ... +++</c>.
    /// </summary>
    private void ReadEnd(ImportedTask task, string body)
    {
        string[] words = body.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string cause = words.Length > 3 ? words[1] : "";
        switch (cause)
        {
            case "exited" when int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out int code):
                End(task, (code & 0xff) << 8);
                break;
            case "killed":
                _tasks.EndProcess(task);
                int core = body.Contains("core", StringComparison.Ordinal) ? 0x80 : 0;
                End(task, LinuxConstants.SignalOf(words[3]) | core);
                break;
            case "superseded":
                // The execve that follows ends this task.
                break;
            default:
                _tally.Unknown(_tally.Line);
                break;
        }
    }

    private void End(ImportedTask task, int status)
    {
        Abandon(task);
        _tasks.Exit(task, status);
    }

    private static string WithoutColours(string line)
    {
        const char Escape = '\u001b';
        while (line.IndexOf(Escape, StringComparison.Ordinal) is int from and >= 0)
        {
            int to = line.IndexOf('m', from);
            line = to < 0 ? line[..from] : line.Remove(from, to + 1 - from);
        }

        return line;
    }

    private static bool TryParseTid(ReadOnlySpan<char> text, out int tid) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out tid) && tid > 0;
}
