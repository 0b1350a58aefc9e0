using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Traces;

namespace Verso.Lab.Replay;

// System calls: run, and compared with what the kernel returned.
internal sealed partial class TraceStage
{
    private readonly Dictionary<int, DriverFacts> _drivers = [];
    private readonly Dictionary<(ulong Mode, ulong Nodes), int> _policies = [];

    private void OnCall(in TraceEvent e)
    {
        Space space = SpaceOf(e.Mm);
        if (e.Call == CallKind.Brk)
        {
            OnBrk(space, e);
        }
        else if (e.IsRefused)
        {
            OnRefusedCall(space, e);
        }
        else if (_machine.TryApply(space.Mm, CallOf(e), out SyscallResult result))
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
        bool isAtLimit = e.Errno == Errno.ENOMEM && CallRules.IsNearLimit(_machine, space.Mm, _maxMapCount);
        _calls.FailedAtVmaLimit += isAtLimit ? 1 : 0;
        RefusedCall course = CallRules.CourseOf(e, _machine, space.Mm, _maxMapCount);
        if (course == RefusedCall.Skip)
        {
            _ = _drivers.Remove(e.Task);
            _calls.Refuse(e.Errno);
            return;
        }

        _machine.Refusal = course == RefusedCall.Refuse ? e.Errno : Errno.None;
        _machine.WasRefused = false;
        bool wasRun = _machine.TryApply(space.Mm, CallOf(e), out SyscallResult result);
        _machine.Refusal = Errno.None;
        if (wasRun && !_machine.WasRefused)
        {
            Compare(space, e, result.Raw);
        }
        else
        {
            _calls.Refuse(e.Errno);
        }
    }

    private void Compare(Space space, in TraceEvent e, long ours)
    {
        _calls.Compared++;
        bool isAnyError = CallRules.IsUntold(e) && SyscallResult.IsError(ours);
        if (ours == e.Result || isAnyError || (e.IsRefused && CallRules.IsPopulationFailure(e)))
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

    /// <summary>The call of an event, with what the machine numbers itself in its numbers.</summary>
    private Call CallOf(in TraceEvent e)
    {
        Call call = new(e.Call)
        {
            Arg0 = e.Arg0,
            Arg1 = e.Arg1,
            Arg2 = e.Arg2,
            Arg3 = e.Arg3,
            Arg4 = e.Arg4,
            Arg5 = e.Arg5,
            Text = e.Payload as string,
            Imposed = e.IsRefused ? null : (ulong)e.Result,
        };
        return call.Kind switch
        {
            CallKind.Mmap => WithMapped(call, e.Task),
            CallKind.Shmat => call with { File = _files.Find(e.Arg4) },
            CallKind.Mbind => call with { Arg2 = (ulong)PolicyOf(e.Arg2, e.Arg3) },
            CallKind.UserfaultRegister => call with { Arg3 = (ulong)ContextOf(e.Arg3, e.Arg4) },
            CallKind.UserfaultUnregister => call with { Arg2 = (ulong)ContextOf(e.Arg2) },
            _ => call,
        };
    }

    /// <summary>Anonymous memory has no driver, whatever a damaged trace says.</summary>
    private Call WithMapped(in Call call, int task)
    {
        bool isOfDriver = _drivers.Remove(task, out DriverFacts driver);
        if (((MapFlags)call.Arg3 & MapFlags.Anonymous) != 0)
        {
            return call;
        }

        return call with
        {
            File = _files.FindOrOpen(call.Arg4),
            Driver = isOfDriver ? driver : null,
        };
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
