using System.Globalization;

namespace Verso.Traces.Importers;

// Tasks, and the layouts that exec builds. The exec is written when its layout is whole: at the first call of the new
// program, which with every usual loader is brk(NULL) and tells where the heap begins.
public sealed partial class PerfScriptImporter
{
    private readonly Dictionary<int, PerfLayout> _layouts = [];

    /// <summary>The process of each task of which the text says it.</summary>
    private readonly Dictionary<int, int> _processes = [];

    /// <summary>Who made a task that has not been met.</summary>
    private readonly Dictionary<int, int> _parents = [];

    private bool StartTask(in PerfLine line)
    {
        if (!PerfLine.TryFindField(line.Text, "pid", NumberStyles.None, out ulong child)
            || !PerfLine.TryFindField(line.Text, "clone_flags", NumberStyles.AllowHexSpecifier, out ulong flags)
            || child is 0 or > int.MaxValue)
        {
            return false;
        }

        CloseLayout(line.Tid, 0);
        _parents.Remove((int)child);
        _tasks.Start(TaskOf(line.Tid), (int)child, flags);
        if (_pending.TryGetValue(line.Tid, out PerfCall? call))
        {
            call.HasChild = true;
        }

        return true;
    }

    private bool AssumeTask(in PerfLine line)
    {
        if (!PerfLine.TryFindField(line.Text, "child_pid", NumberStyles.None, out ulong child)
            || child is 0 or > int.MaxValue)
        {
            return false;
        }

        if (_tasks.Find((int)child) is null)
        {
            Start(line.Tid, (int)child);
        }

        return true;
    }

    /// <summary>
    /// <c>PERF_RECORD_FORK(16942:16946):(16942:16942)</c>: process and task, of the child and of its parent. Kept until
    /// the child is met, for a task_newtask beside it says more.
    /// </summary>
    private bool NoteFork(in PerfLine line)
    {
        int[] ids = new int[4];
        int at = 0;
        foreach (Range part in line.Text.AsSpan().SplitAny("():"))
        {
            ReadOnlySpan<char> word = line.Text.AsSpan()[part];
            if (word.IsEmpty)
            {
                continue;
            }

            if (at == ids.Length || !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ids[at++]))
            {
                return false;
            }
        }

        if (at < ids.Length)
        {
            return false;
        }

        NoteProcess(ids[1], ids[0]);
        NoteProcess(ids[3], ids[2]);
        _parents[ids[1]] = ids[3];
        return true;
    }

    private void NoteProcess(int tid, int pid)
    {
        if (pid > 0)
        {
            _processes[tid] = pid;
        }
    }

    /// <summary>A clone returned the id of a task that has not been met.</summary>
    private void StartReturned(int parent, PerfCall call, int child)
    {
        if (_tasks.Find(child) is null)
        {
            CloseLayout(parent, 0);
            _tasks.Start(TaskOf(parent), child, FlagsOf(parent, child, call));
        }
    }

    private void Start(int parent, int child)
    {
        CloseLayout(parent, 0);
        PerfCall? call = _pending.GetValueOrDefault(parent);
        _tasks.Start(TaskOf(parent), child, FlagsOf(parent, child, call));
        if (call is not null)
        {
            call.HasChild = true;
        }
    }

    /// <summary>
    /// Without task_newtask the flags of clone3 are not to be seen; its usual callers share the address space.
    /// </summary>
    private ulong FlagsOf(int parent, int child, PerfCall? call)
    {
        if (_processes.TryGetValue(child, out int process) && process != child
            && process == _processes.GetValueOrDefault(parent, parent))
        {
            return TaskTree.CloneVm | TaskTree.CloneFiles | TaskTree.CloneThread;
        }

        switch (call?.Name)
        {
            case "clone" when call.Arguments.Count > 0:
                return call.Arguments[0];
            case "vfork":
                return TaskTree.CloneVm | TaskTree.CloneVfork;
            case "fork":
                return 0;
            default:
                _tally.Assumptions++;
                return CloneText.UsualFlags;
        }
    }

    /// <summary>
    /// The task of a line. One that was not met before came from the clone that a record names, from one that is under
    /// way, or was there before the text began.
    /// </summary>
    private ImportedTask TaskOf(int tid)
    {
        if (_tasks.Find(tid) is ImportedTask known)
        {
            return known;
        }

        if (_parents.Remove(tid, out int parent) && parent != tid)
        {
            Start(parent, tid);
            return _tasks.Find(tid)!;
        }

        int process = _processes.GetValueOrDefault(tid);
        bool isThread = process != 0 && process != tid;
        int[] cloning = [.. _pending.Where(each => CloneText.IsClone(each.Value.Name) && !each.Value.HasChild
            && each.Key != tid && _tasks.Find(each.Key) is not null).Select(each => each.Key)];
        if (isThread || cloning.Length == 0)
        {
            return _tasks.BeginUnknown(tid, process);
        }

        _tally.Assumptions += cloning.Length > 1 ? 1 : 0;
        Start(cloning[0], tid);
        return _tasks.Find(tid)!;
    }

    private bool Execute(in PerfLine line)
    {
        if (!PerfLine.TryFindField(line.Text, "pid", NumberStyles.None, out ulong pid)
            || !PerfLine.TryFindField(line.Text, "old_pid", NumberStyles.None, out ulong old)
            || pid is 0 or > int.MaxValue || old is 0 or > int.MaxValue)
        {
            return false;
        }

        if (!_outlet.HasEvents && _outlet.Header.Command.Length == 0)
        {
            int name = line.Text.IndexOf("filename=", StringComparison.Ordinal);
            int end = line.Text.LastIndexOf(" pid=", StringComparison.Ordinal);
            string command = name == 0 && end > 9 ? line.Text[9..end] : "";
            _outlet.Header = _outlet.Header with { Command = command };
        }

        if (_layouts.ContainsKey((int)pid))
        {
            return true;
        }

        Forget((int)pid);
        Forget((int)old);
        _tasks.Exec(TaskOf((int)old), null);
        return true;
    }

    private bool EndTask(int tid)
    {
        CloseLayout(tid, 0);
        Forget(tid);
        if (_tasks.Find(tid) is ImportedTask task)
        {
            _tasks.Exit(task, 0);
        }

        return true;
    }

    /// <summary>A call that will not return.</summary>
    private void Forget(int tid)
    {
        if (_pending.Remove(tid, out PerfCall? call) && call.ArgumentCount >= 0)
        {
            _tally.WithoutResult++;
        }
    }

    /// <summary><c>exec: t:16942/16942</c>: what this task maps from now on is its new program.</summary>
    private bool BeginLayout(in PerfLine line)
    {
        bool isExec = line.Text.StartsWith("exec", StringComparison.Ordinal);
        int slash = line.Text.LastIndexOf('/');
        if (slash < 0 || !int.TryParse(
            line.Text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int tid))
        {
            return !isExec;
        }

        ReadOnlySpan<char> before = line.Text.AsSpan(line.Text.LastIndexOf(':', slash) + 1);
        int length = Math.Max(0, before.IndexOf('/'));
        if (int.TryParse(before[..length], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
        {
            NoteProcess(tid, pid);
        }

        if (!isExec)
        {
            return true;
        }

        CloseLayout(tid, 0);
        Forget(tid);
        _layouts.Add(tid, new PerfLayout());
        return true;
    }

    private bool Map(in PerfLine line)
    {
        if (!PerfMapping.TryRead(line.Text, out PerfMapping mapping))
        {
            return false;
        }

        PerfCall? call = _pending.GetValueOrDefault(line.Tid);
        if (call is null && _layouts.TryGetValue(line.Tid, out PerfLayout? layout))
        {
            layout.Add(mapping);
        }
        else if (mapping.IsFile && call?.Name is "mmap")
        {
            call.File = FileOf(mapping);
        }
        else if (mapping.IsFile && call?.Name is "shmat")
        {
            call.File = FileOf(mapping);
            call.File.SizeBytes = mapping.End - mapping.Start;
        }

        return true;
    }

    /// <summary>Writes an exec whose layout is known now, and what waited for it.</summary>
    private void CloseLayout(int tid, ulong heap)
    {
        if (!_layouts.Remove(tid, out PerfLayout? layout))
        {
            return;
        }

        ImportedTask task = TaskOf(tid);
        object? image = null;
        if (layout.IsWhole)
        {
            image = layout.Build(heap, mapping => _files.Map(FileOf(mapping), task));
            _outlet.Header = _outlet.Header with { Grade = _outlet.Header.Grade & ~TraceGrade.NoInitialLayout };
        }

        _tasks.Exec(task, image);
        foreach (TraceEvent later in layout.Later)
        {
            _outlet.Write(later with { Mm = task.Mm });
        }
    }

    private ImportedFile FileOf(in PerfMapping mapping) => mapping.IsNumbered
        ? _files.OfInode(mapping.Device, mapping.Inode, mapping.Path)
        : _files.OfPath(mapping.Path);
}
