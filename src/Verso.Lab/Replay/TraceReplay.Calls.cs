using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

// System calls: run, and compared with what the kernel returned.
public sealed partial class TraceReplay
{
    private readonly Dictionary<int, DriverFacts> _drivers = [];
    private readonly Dictionary<(ulong Mode, ulong Nodes), int> _policies = [];

    private void OnCall(in TraceEvent e)
    {
        Space space = SpaceOf(e.Mm);
        if (e.Kind == TraceEventKind.Brk)
        {
            OnBrk(space, e);
            return;
        }

        if (CallRules.IsError(e.Result))
        {
            OnRefusedCall(space, e);
        }
        else if (TryRun(space.Mm, e, out SyscallResult result))
        {
            Compare(space, e, result.Raw);
        }
        else
        {
            _calls.NotModelled++;
        }
    }

    private void OnRefusedCall(Space space, in TraceEvent e)
    {
        Errno errno = (Errno)(int)-e.Result;
        RefusedCall course = CallRules.CourseOf(e, _machine, space.Mm, _maxMapCount);
        _machine.Refusal = course == RefusedCall.Refuse ? errno : Errno.None;
        _machine.WasRefused = false;
        bool wasRun = TryRun(course, space.Mm, e, out SyscallResult result);
        _machine.Refusal = Errno.None;
        if (wasRun && !_machine.WasRefused)
        {
            Compare(space, e, result.Raw);
        }
        else
        {
            _calls.Refuse(errno);
        }
    }

    private bool TryRun(RefusedCall course, MmId mm, in TraceEvent e, out SyscallResult result)
    {
        result = default;
        if (course == RefusedCall.Skip)
        {
            _ = _drivers.Remove(e.Task);
            return false;
        }

        return TryRun(mm, e, out result);
    }

    private void Compare(Space space, in TraceEvent e, long ours)
    {
        _calls.Compared++;
        bool isAnyError = CallRules.IsUntold(e) && CallRules.IsError(ours);
        if (ours == e.Result || isAnyError || (CallRules.IsError(e.Result) && CallRules.IsPopulationFailure(e)))
        {
            return;
        }

        if (space.IsAssumed)
        {
            _calls.MismatchesOfAssumed++;
        }
        else
        {
            _calls.Mismatch(_number, e, ours);
        }
    }

    /// <summary>Runs a call; false if the engine has no such operation.</summary>
    private bool TryRun(MmId mm, in TraceEvent e, out SyscallResult result)
    {
        result = default;
        switch (e.Kind)
        {
            case TraceEventKind.Mmap:
                result = Mmap(mm, e);
                return true;
            case TraceEventKind.Munmap:
                result = _machine.Munmap(mm, e.Arg0, e.Arg1);
                return true;
            case TraceEventKind.Mprotect:
                result = Mprotect(mm, e);
                return true;
            case TraceEventKind.Mremap:
                result = Mremap(mm, e);
                return true;
            case TraceEventKind.Madvise:
                result = _machine.Madvise(mm, e.Arg0, e.Arg1, (Advice)e.Arg2);
                return true;
            case TraceEventKind.Mlock:
                result = _machine.Mlock(mm, e.Arg0, e.Arg1, (uint)e.Arg2);
                return true;
            case TraceEventKind.Munlock:
                result = _machine.Munlock(mm, e.Arg0, e.Arg1);
                return true;
            default:
                return TryRunRare(mm, e, out result);
        }
    }

    private bool TryRunRare(MmId mm, in TraceEvent e, out SyscallResult result)
    {
        result = default;
        switch (e.Kind)
        {
            case TraceEventKind.Mlockall:
                result = _machine.Mlockall(mm, (LockAll)e.Arg0);
                return true;
            case TraceEventKind.Munlockall:
                result = _machine.Munlockall(mm);
                return true;
            case TraceEventKind.Shmat when !_files.Find(e.Arg4).IsNone:
                ulong? imposed = CallRules.IsError(e.Result) ? null : (ulong)e.Result;
                result = _machine.Shmat(mm, _files.Find(e.Arg4), e.Arg1, (uint)e.Arg2, imposed);
                return true;
            case TraceEventKind.Shmdt:
                result = _machine.Shmdt(mm, e.Arg0);
                return true;
            case TraceEventKind.Mbind:
                result = _machine.Mbind(mm, e.Arg0, e.Arg1, PolicyOf(e.Arg2, e.Arg3));
                return true;
            case TraceEventKind.Mseal:
                result = _machine.Mseal(mm, e.Arg0, e.Arg1, e.Arg2);
                return true;
            case TraceEventKind.PkeyAlloc:
                int? given = CallRules.IsError(e.Result) ? null : (int)e.Result;
                result = _machine.PkeyAlloc(mm, e.Arg0, e.Arg1, given);
                return true;
            case TraceEventKind.PkeyFree:
                result = _machine.PkeyFree(mm, (int)e.Arg0);
                return true;
            case TraceEventKind.UserfaultRegister:
                result = _machine.RegisterUserfault(
                    mm, ContextOf(e.Arg3, e.Arg4), e.Arg0, e.Arg1, (UserfaultModes)(uint)e.Arg2);
                return true;
            case TraceEventKind.UserfaultUnregister:
                result = _machine.UnregisterUserfault(mm, ContextOf(e.Arg2), e.Arg0, e.Arg1);
                return true;
            case TraceEventKind.RemapFilePages:
                result = _machine.RemapFilePages(mm, e.Arg0, e.Arg1, e.Arg2, e.Arg3, (MapFlags)(uint)e.Arg4);
                return true;
            case TraceEventKind.StackLimit:
                _machine.SetStackLimit(mm, e.Arg0);
                return true;
            case TraceEventKind.Personality:
                // What was before is returned, and is not known here.
                _machine.SetPersonality(mm, e.Arg0);
                result = SyscallResult.Ok((ulong)e.Result);
                return true;
            case TraceEventKind.Prctl:
                return TryControl(mm, e, out result);
            default:
                return false;
        }
    }

    /// <summary>Anonymous memory has no driver, whatever a damaged trace says.</summary>
    private SyscallResult Mmap(MmId mm, in TraceEvent e)
    {
        MapFlags flags = (MapFlags)e.Arg3;
        bool hasFile = (flags & MapFlags.Anonymous) == 0;
        FileId file = hasFile ? _files.Find(e.Arg4) : default;
        if (hasFile && file.IsNone)
        {
            file = _files.OpenUnnamed();
        }

        ulong? imposed = CallRules.IsError(e.Result) ? null : (ulong)e.Result;
        bool isOfDriver = _drivers.Remove(e.Task, out DriverFacts driver);
        return _machine.Mmap(mm, new MmapRequest(e.Arg0, e.Arg1, (Protection)e.Arg2, flags, file, e.Arg5, imposed)
        {
            Driver = isOfDriver && hasFile ? driver : null,
        });
    }

    /// <summary>A key that the kernel accepted was allocated, maybe before the recording began.</summary>
    private SyscallResult Mprotect(MmId mm, in TraceEvent e)
    {
        int key = (int)(long)e.Arg3;
        if (key > 0 && !CallRules.IsError(e.Result))
        {
            _machine.LearnKey(mm, key);
        }

        return _machine.Mprotect(mm, e.Arg0, e.Arg1, (Protection)e.Arg2, key);
    }

    private SyscallResult Mremap(MmId mm, in TraceEvent e)
    {
        ulong? imposed = CallRules.IsError(e.Result) ? null : (ulong)e.Result;
        return _machine.Mremap(
            mm, new MremapRequest(e.Arg0, e.Arg1, e.Arg2, (RemapFlags)e.Arg3, e.Arg4, imposed));
    }

    /// <summary>
    /// brk returns the break that is. A break that did not go where it was asked to was refused, maybe for a reason
    /// outside (RLIMIT_DATA, overcommit): then only the present break is compared.
    /// </summary>
    private void OnBrk(Space space, in TraceEvent e)
    {
        Mm mm = _machine.World.Mms[space.Mm];
        ulong result = (ulong)e.Result;
        if (space.IsAssumed && mm.StartBrk == 0)
        {
            mm.StartBrk = result;
            mm.Brk = result;
        }

        ulong ours = e.Arg0 == result ? _machine.Brk(space.Mm, e.Arg0).Value : mm.Brk;
        Compare(space, e, (long)ours);
    }

    /// <summary>
    /// A number for each memory policy: two are equal if mode, mode flags and nodes are. 0 is the default.
    /// </summary>
    private int PolicyOf(ulong mode, ulong nodes)
    {
        if (mode == 0)
        {
            return 0;
        }

        if (!_policies.TryGetValue((mode, nodes), out int policy))
        {
            policy = _policies.Count + 1;
            _policies.Add((mode, nodes), policy);
        }

        return policy;
    }
}
