namespace Verso.Traces.Importers;

/// <summary>
/// The tasks of a text, which address space each has, and the events of their lives: an address space begins with an
/// exec or a fork without CLONE_VM and ends with its last task.
/// </summary>
internal sealed class TaskTree(EventOutlet outlet, UnknownTasks unknown)
{
    public const ulong CloneVm = 0x100;
    public const ulong CloneFiles = 0x400;
    public const ulong CloneVfork = 0x4000;
    public const ulong CloneThread = 0x10000;

    /// <summary>clone's signal, which is no flag: neither clone3 nor the kernel's tracepoint has it there.</summary>
    private const ulong ExitSignal = 0xff;

    private readonly Dictionary<int, ImportedTask> _live = [];
    private readonly Dictionary<int, int> _users = [];
    private readonly HashSet<int> _locksFuture = [];
    private readonly HashSet<int> _ofUnknownProcess = [];
    private int _lastMm;

    /// <summary>The process that the text began in the middle of: its group, 0 if there is none.</summary>
    private int _attached;

    /// <summary>Its address space, which threads that have not been seen yet have too; 0 if there is none.</summary>
    private int _attachedMm;

    /// <summary>Tasks seen.</summary>
    public long Count { get; private set; }

    /// <summary>Of those, the ones whose start the text does not hold, but for the first.</summary>
    public long OfUnknownOrigin { get; private set; }

    /// <summary>What those of them were taken for of which the text does not say more.</summary>
    public UnknownTasks TakenFor => _ofUnknownProcess.Count == 0 ? UnknownTasks.Detect
        : unknown != UnknownTasks.Detect ? unknown
        : IsAttach ? UnknownTasks.Threads
        : UnknownTasks.Processes;

    /// <summary>Whether the text begins in the middle of a program.</summary>
    public bool IsAttach { get; set; }

    public IReadOnlyCollection<ImportedTask> Live => _live.Values;

    public ImportedTask? Find(int tid) => _live.GetValueOrDefault(tid);

    /// <summary>A task whose start is not in the text.</summary>
    /// <param name="tid">Its id.</param>
    /// <param name="process">The id of its process; 0 if the text does not say.</param>
    public ImportedTask BeginUnknown(int tid, int process = 0)
    {
        bool isFirst = Count == 0;
        OfUnknownOrigin += isFirst ? 0 : 1;
        if (process == 0 && !isFirst)
        {
            _ofUnknownProcess.Add(tid);
        }

        if (process == 0 && (isFirst || TakenFor == UnknownTasks.Threads))
        {
            _attached = _attached == 0 ? tid : _attached;
            process = _attached;
        }

        int group = process == 0 ? tid : process;
        ImportedTask? sibling = _live.Values.FirstOrDefault(other => other.Group == group);
        ImportedTask task = new() { Tid = tid, Group = group, Files = sibling?.Files ?? new DescriptorTable() };
        int mm = sibling?.Mm ?? (group == _attached ? _attachedMm : 0);
        if (mm != 0)
        {
            task.Mm = mm;
            _users[mm]++;
        }

        return Add(task);
    }

    /// <summary>The address space of a task; one it had before the text began gets its id now.</summary>
    public int MmOf(ImportedTask task)
    {
        if (task.Mm == 0)
        {
            task.Mm = NewMm();
            foreach (ImportedTask other in _live.Values.Where(other => other.Group == task.Group && other.Mm == 0))
            {
                other.Mm = task.Mm;
                _users[task.Mm]++;
            }

            // As long as it runs, there may be threads that have not been seen.
            if (task.Group == _attached && IsAttach && unknown != UnknownTasks.Processes)
            {
                _attachedMm = task.Mm;
                _users[task.Mm]++;
            }
        }

        return task.Mm;
    }

    /// <summary>All threads of a task's process end, also those that have not been seen.</summary>
    public void EndProcess(ImportedTask task)
    {
        if (task.Group == _attached)
        {
            _attached = 0;
            if (_attachedMm != 0)
            {
                _users[_attachedMm]--;
                _attachedMm = 0;
            }
        }
    }

    /// <summary>fork, vfork, clone. A live task with this tid has ended unseen.</summary>
    public ImportedTask Start(ImportedTask parent, int tid, ulong flags)
    {
        flags &= ~ExitSignal;
        if (_live.TryGetValue(tid, out ImportedTask? old))
        {
            if (old == parent)
            {
                return parent;
            }

            Exit(old, 0);
        }

        int parentMm = MmOf(parent);
        ImportedTask child = new()
        {
            Tid = tid,
            Group = (flags & CloneThread) != 0 ? parent.Group : tid,
            Mm = parentMm,
            Files = (flags & CloneFiles) != 0 ? parent.Files : parent.Files.Copy(),
        };
        if ((flags & CloneVm) != 0)
        {
            _users[parentMm]++;
        }
        else
        {
            child.Mm = NewMm();
            outlet.Write(new TraceEvent
            {
                Kind = TraceEventKind.Fork,
                Task = parent.Tid,
                Mm = parentMm,
                Arg0 = (ulong)child.Mm,
                Arg1 = flags,
            });
        }

        outlet.Write(new TraceEvent
        {
            Kind = TraceEventKind.TaskStart,
            Task = parent.Tid,
            Mm = child.Mm,
            Arg0 = (ulong)tid,
            Arg1 = flags,
        });
        return Add(child);
    }

    /// <summary>
    /// execve: the other threads of the group end, the task takes the group's id, and a new address space begins. Its
    /// layout is null where the text does not tell it.
    /// </summary>
    public void Exec(ImportedTask task, object? layout)
    {
        IsAttach &= outlet.HasEvents || Count > 1;
        EndProcess(task);
        bool IsReplaced(ImportedTask other) => other.Group == task.Group && other != task;
        foreach (ImportedTask other in _live.Values.Where(IsReplaced).ToArray())
        {
            if (other.Tid == task.Group)
            {
                // The task goes on under the leader's id, so that id does not end.
                _live.Remove(other.Tid);
                Release(other);
            }
            else
            {
                Exit(other, 0);
            }
        }

        Rename(task, task.Group);
        int old = task.Mm;
        Release(task);
        task.Files = task.Files.CopyForExec();
        task.Mm = NewMm();
        outlet.Write(new TraceEvent
        {
            Kind = TraceEventKind.Exec,
            Task = task.Tid,
            Mm = task.Mm,
            Arg0 = (ulong)old,
            Payload = layout,
        });
    }

    /// <summary>A task ends; its address space too, if it was the last.</summary>
    /// <param name="task">A live task.</param>
    /// <param name="status">As wait reports it.</param>
    public void Exit(ImportedTask task, int status)
    {
        if (Find(task.Tid) != task)
        {
            return;
        }

        _live.Remove(task.Tid);
        if (outlet.HasEvents)
        {
            outlet.Write(new TraceEvent
            {
                Kind = TraceEventKind.TaskExit,
                Task = task.Tid,
                Mm = task.Mm,
                Arg0 = (ulong)(uint)status,
            });
        }

        Release(task);
    }

    /// <summary>Whether later mappings of this address space are locked and populated (mlockall(MCL_FUTURE)).</summary>
    public bool LocksFuture(int mm) => _locksFuture.Contains(mm);

    public void LockFuture(int mm) => _locksFuture.Add(mm);

    public void UnlockFuture(int mm) => _locksFuture.Remove(mm);

    private ImportedTask Add(ImportedTask task)
    {
        Count++;
        _live[task.Tid] = task;
        return task;
    }

    private void Rename(ImportedTask task, int tid)
    {
        if (task.Tid == tid)
        {
            return;
        }

        if (Find(tid) is ImportedTask other)
        {
            Exit(other, 0);
        }

        _live.Remove(task.Tid);
        outlet.Write(new TraceEvent { Kind = TraceEventKind.TaskExit, Task = task.Tid, Mm = task.Mm });
        task.Tid = tid;
        _live[tid] = task;
    }

    private int NewMm()
    {
        _users.Add(++_lastMm, 1);
        return _lastMm;
    }

    private void Release(ImportedTask task)
    {
        int mm = task.Mm;
        task.Mm = 0;
        if (mm == 0 || --_users[mm] > 0)
        {
            return;
        }

        _users.Remove(mm);
        _locksFuture.Remove(mm);
        outlet.Write(new TraceEvent { Kind = TraceEventKind.MmExit, Task = task.Tid, Mm = mm });
    }
}
