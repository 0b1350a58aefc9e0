namespace Verso.Traces.Importers;

// Which task a line belongs to. A child's first lines may come before the line in which its parent's clone returns.
public sealed partial class StraceImporter
{
    private const int MaxWaitingLines = 1 << 20;

    private readonly Dictionary<ImportedTask, PendingCall> _pending = [];
    private readonly Dictionary<int, ImportedTask> _taken = [];
    private readonly Dictionary<int, List<WaitingLine>> _waiting = [];
    private readonly HashSet<int> _announced = [];
    private ImportedTask? _unnamed;
    private PendingCall? _resuming;
    private int _nameOfUnnamed;
    private int _waitingLines;

    /// <summary>The task of a line, or null if the line has to wait until its task is known.</summary>
    private ImportedTask? FindTask(int tid, string body)
    {
        if (tid == 0)
        {
            return FindUnnamed();
        }

        if (tid == _nameOfUnnamed && _unnamed is not null && _tasks.Find(_unnamed.Tid) == _unnamed)
        {
            return _unnamed;
        }

        if (_tasks.Find(tid) is ImportedTask known)
        {
            return known;
        }

        // The end of a task that exec has ended already, or of one never seen doing anything.
        if (body.StartsWith("+++ ", StringComparison.Ordinal) && !_waiting.ContainsKey(tid) && Cloning().Count == 0)
        {
            return null;
        }

        return Bind(tid, body);
    }

    private ImportedTask? Bind(int tid, string body)
    {
        List<(ImportedTask Parent, PendingCall Call)> cloning = Cloning();
        bool isChild = _announced.Contains(tid) || _unnamed is null || _nameOfUnnamed != 0;
        if (!isChild)
        {
            _nameOfUnnamed = tid;
            return _unnamed;
        }

        // What resumes began before the text did: it is no child that has just begun.
        bool isOld = body.StartsWith("<... ", StringComparison.Ordinal)
            || body.StartsWith("restart_syscall(", StringComparison.Ordinal);
        bool isWaiting = _waiting.ContainsKey(tid);
        if (cloning.Count == 0 || (isOld && !isWaiting) || _waitingLines >= MaxWaitingLines)
        {
            ReadOrphan(tid);
            return _tasks.Find(tid);
        }

        // Which threads there were before, the text of an attach does not say: only what clone returns does.
        (ImportedTask parent, PendingCall call) = cloning[0];
        if (cloning.Count == 1 && !isWaiting && !_tasks.IsAttach
            && CloneText.TryReadFlags(call.Head, out ulong flags))
        {
            call.Child = tid;
            return _tasks.Start(parent, tid, flags);
        }

        if (!_waiting.TryGetValue(tid, out List<WaitingLine>? lines))
        {
            _waiting.Add(tid, lines = []);
        }

        lines.Add(new WaitingLine(body, _outlet.Clock, _tally.Line));
        _waitingLines++;
        return null;
    }

    /// <summary>No clone is under way that tasks that wait could have come from: they were there before.</summary>
    private void ReadOrphans()
    {
        if (_waiting.Count > 0 && Cloning().Count == 0)
        {
            foreach (int tid in _waiting.Keys.ToArray())
            {
                ReadOrphan(tid);
            }
        }
    }

    private void ReadOrphan(int tid)
    {
        _tasks.BeginUnknown(tid);
        if (_waiting.Remove(tid, out List<WaitingLine>? lines))
        {
            Replay(tid, lines);
        }
    }

    /// <summary>Lines without a task belong to the only one there is, or to the first.</summary>
    private ImportedTask FindUnnamed()
    {
        if (_unnamed is not null && _tasks.Find(_unnamed.Tid) == _unnamed)
        {
            return _unnamed;
        }

        return _tasks.Live.Count == 1 ? _tasks.Live.First() : _unnamed = _tasks.BeginUnknown(UnnamedTid);
    }

    private List<(ImportedTask Parent, PendingCall Call)> Cloning()
    {
        List<(ImportedTask, PendingCall)> cloning = [];
        foreach ((ImportedTask task, PendingCall call) in _pending)
        {
            if (call.Child == 0 && _tasks.Find(task.Tid) == task
                && CloneText.IsClone(StraceCall.NameOf(call.Head)))
            {
                cloning.Add((task, call));
            }
        }

        return cloning;
    }

    /// <summary>A clone has returned the id of its child.</summary>
    private void StartChild(ImportedTask parent, int tid)
    {
        bool isBound = _resuming is { Child: > 0 } && _resuming.Child == tid;
        if (!isBound)
        {
            if (!CloneText.TryReadFlags(_parsed.Text, out ulong flags))
            {
                flags = CloneText.UsualFlags;
                _tally.Assumptions++;
            }

            _tasks.Start(parent, tid, flags);
        }

        if (_waiting.Remove(tid, out List<WaitingLine>? lines))
        {
            Replay(tid, lines);
        }
    }

    /// <summary>Lines that waited for their task are read now; their times are those of their own.</summary>
    private void Replay(int tid, List<WaitingLine> lines)
    {
        (long clock, long line, PendingCall? resuming) = (_outlet.Clock, _tally.Line, _resuming);
        _waitingLines -= lines.Count;
        foreach (WaitingLine waiting in lines)
        {
            (_outlet.Clock, _tally.Line, _resuming) = (waiting.Clock, waiting.Number, null);
            if (FindTask(tid, waiting.Body) is ImportedTask task)
            {
                ReadBody(task, waiting.Body);
            }
        }

        (_outlet.Clock, _tally.Line, _resuming) = (clock, line, resuming);
    }

    /// <summary>A task is gone, and with it the call it was in.</summary>
    private void Abandon(ImportedTask task)
    {
        if (_pending.Remove(task, out PendingCall? call) && MemoryCalls.ArgumentsOf(StraceCall.NameOf(call.Head)) >= 0)
        {
            _tally.WithoutResult++;
        }
    }

    private void Finish()
    {
        foreach (int tid in _waiting.Keys.ToArray())
        {
            ReadOrphan(tid);
        }

        foreach (ImportedTask task in _tasks.Live.Where(task => task.IsExiting).ToArray())
        {
            _tasks.Exit(task, 0);
        }

        _tally.WithoutResult += _pending.Values.LongCount(
            call => MemoryCalls.ArgumentsOf(StraceCall.NameOf(call.Head)) >= 0);
    }

    /// <summary>A call that has begun.</summary>
    private sealed class PendingCall(string head)
    {
        public string Head { get; } = head;

        /// <summary>The task that began while this clone was under way; 0 if none.</summary>
        public int Child { get; set; }

        /// <summary>Its effect has been seen and written before its return.</summary>
        public bool IsWritten { get; set; }
    }

    private readonly record struct WaitingLine(string Body, long Clock, long Number);
}
