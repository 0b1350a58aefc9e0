using System.Globalization;

namespace Verso.Traces.Importers;

// Tasks, and the layouts that exec builds. The exec is written when its layout is whole: at the first call of the new
// program, which with every usual loader is brk(NULL) and tells where the heap begins.
public sealed partial class PerfScriptImporter
{
    private readonly Dictionary<int, PerfLayout> _layouts = [];

    private bool StartTask(in PerfLine line)
    {
        if (!PerfLine.TryFindField(line.Text, "pid", NumberStyles.None, out ulong child)
            || !PerfLine.TryFindField(line.Text, "clone_flags", NumberStyles.AllowHexSpecifier, out ulong flags)
            || child is 0 or > int.MaxValue)
        {
            return false;
        }

        CloseLayout(line.Tid, 0);
        _tasks.Start(TaskOf(line.Tid), (int)child, flags);
        return true;
    }

    /// <summary>
    /// Without task_newtask the flags of clone3 are not to be seen; its usual callers share the address space.
    /// </summary>
    private bool AssumeTask(in PerfLine line)
    {
        if (!PerfLine.TryFindField(line.Text, "child_pid", NumberStyles.None, out ulong child)
            || child is 0 or > int.MaxValue)
        {
            return false;
        }

        if (_tasks.Find((int)child) is not null)
        {
            return true;
        }

        CloseLayout(line.Tid, 0);
        PerfCall? call = _pending.GetValueOrDefault(line.Tid);
        ulong flags = 0;
        switch (call?.Name)
        {
            case "clone" when call.Arguments.Count > 0:
                flags = call.Arguments[0];
                break;
            case "vfork":
                flags = TaskTree.CloneVm | TaskTree.CloneVfork;
                break;
            case "fork":
                break;
            default:
                flags = TaskTree.CloneVm;
                _tally.Assumptions++;
                break;
        }

        _tasks.Start(TaskOf(line.Tid), (int)child, flags);
        return true;
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
        int slash = line.Text.LastIndexOf('/');
        if (!line.Text.StartsWith("exec", StringComparison.Ordinal))
        {
            return true;
        }

        if (slash < 0 || !int.TryParse(
            line.Text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int tid))
        {
            return false;
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

    private ImportedFile FileOf(in PerfMapping mapping) => _files.OfInode(mapping.Device, mapping.Inode, mapping.Path);
}
