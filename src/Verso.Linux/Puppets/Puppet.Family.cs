using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

// Fork, vfork, shared-mm clones, exec, exit. Every puppet is a child of the theatre's thread (CLONE_PARENT), so that no
// zombie waits for a puppet; for memory it makes no difference.
public sealed unsafe partial class Puppet
{
    private const ulong CloneVm = 0x100;
    private const ulong CloneVfork = 0x4000;
    private const ulong CloneParent = 0x8000;
    private const int EmptyPathFlag = 0x1000;
    private const int SetMm = 35;
    private const int SetMmMap = 14;

    private Puppet? _vforkChild;
    private bool _hasExecuted;

    /// <summary>
    /// Forks. The result is the child's pid; the child is ready for steps. Null with an errno of fork.
    /// </summary>
    public PuppetOutcome Fork(out Puppet? child) => Clone(0, out child);

    /// <summary>
    /// Forks with a shared mm. This puppet's steps are Blocked until the child has executed or ended.
    /// </summary>
    public PuppetOutcome Vfork(out Puppet? child) => Clone(CloneVm | CloneVfork, out child);

    /// <summary>clone with CLONE_VM alone: two processes, one mm, both ready for steps.</summary>
    public PuppetOutcome CloneShared(out Puppet? child) => Clone(CloneVm, out child);

    /// <summary>
    /// Executes the image anew: a fresh mm with one VMA. The descriptors stay. The result is 0.
    /// </summary>
    public PuppetOutcome Exec()
    {
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        var image = PuppetImage.Shared;
        var stop = RunCall(
            SystemCallNumber.Execveat,
            PuppetImage.Descriptor,
            image.EmptyPath,
            image.Arguments,
            image.Environment,
            EmptyPathFlag);
        if (stop is not { Kind: StopKind.Event, Detail: Tracer.EventExec })
        {
            return OutcomeOf(stop);
        }

        _hasExecuted = true;
        _block->Done = 0;
        outcome = OutcomeOf(Resume());
        outcome = outcome.Kind == PuppetOutcomeKind.Done ? UnmapVdso(outcome) : outcome;
        return outcome.Kind == PuppetOutcomeKind.Done ? PlaceBreak(outcome) : outcome;
    }

    /// <summary>
    /// Beside a program the kernel puts the vdso below it, which the image unmaps itself, or above, below the stack.
    /// </summary>
    private PuppetOutcome UnmapVdso(PuppetOutcome otherwise)
    {
        if (_theatre.Program is not { } program)
        {
            return otherwise;
        }

        const ulong StackStart = PuppetProgram.StackEnd - (PuppetProgram.StackPages * (ulong)Page.Size);
        var outcome = Call(SystemCallNumber.Munmap, program.End, StackStart - program.End);
        return outcome is { Kind: PuppetOutcomeKind.Done, Error: 0 } ? otherwise : outcome;
    }

    /// <summary>
    /// Ends it. On return its address space is torn down, unless another puppet shares it, and no zombie is left.
    /// </summary>
    public PuppetOutcome Exit()
    {
        if (TryBegin(out var outcome))
        {
            outcome = OutcomeOf(RunCall(SystemCallNumber.ExitGroup));
        }

        return _end is null ? Kill() : _end.Value;
    }

    /// <summary>As <see cref="Exit"/>, by SIGKILL.</summary>
    public PuppetOutcome Kill()
    {
        _theatre.RequireOwnThread();
        if (_end is null)
        {
            _ = Libc.Kill(Pid, Libc.SignalKill);
            End(Tracer.WaitForEnd(Pid));
        }

        return _end!.Value;
    }

    /// <summary>
    /// Makes the break start at an address, and be there (prctl PR_SET_MM_MAP). Needs no privilege, but a kernel with
    /// CONFIG_CHECKPOINT_RESTORE. Existing VMAs stay.
    /// </summary>
    public PuppetOutcome MoveBreak(ulong address)
    {
        Invariant.Require(Page.IsAligned(address));
        var map = MemoryMarshal.Cast<byte, ulong>(Operands)[..(MapBytes / sizeof(ulong))];
        map.Fill(ImageStart); // code, data, stack, arguments, environment: all nominal
        map[1] = map[2] = map[3] = ImageEnd; // no data segment, which RLIMIT_DATA would count with the heap
        map[4] = map[5] = address;
        map[11] = 0; // no new auxiliary vector
        map[12] = (ulong)uint.MaxValue << 32; // and no new executable
        return Call(SystemCallNumber.Prctl, SetMm, SetMmMap, OperandsAddress, MapBytes);
    }

    internal PuppetOutcome PlaceBreak(PuppetOutcome otherwise)
    {
        if (_theatre.BreakStart is not { } start)
        {
            return otherwise;
        }

        var outcome = MoveBreak(start);
        return outcome.Kind == PuppetOutcomeKind.Done && outcome.Error == 0 ? otherwise : outcome;
    }

    private const int MapBytes = 104;

    private PuppetOutcome Clone(ulong flags, out Puppet? child)
    {
        child = null;
        if (!TryBegin(out var outcome))
        {
            return outcome;
        }

        var stop = RunCall(SystemCallNumber.Clone, flags | CloneParent | Libc.SignalChild);
        var pid = stop.Kind == StopKind.Event ? Tracer.GetEventMessage(Pid) : 0;
        if (pid == 0)
        {
            return OutcomeOf(WithoutChild(stop));
        }

        child = _theatre.Adopt(pid);
        child.BringToReady();
        if ((flags & CloneVfork) != 0)
        {
            // It stays before its wait for the child until the child has done what it would wait for.
            _vforkChild = child;
            return PuppetOutcome.Done(child.Pid);
        }

        return OutcomeOf(Resume());
    }

    // The call failed; or the puppet was killed in it and may have a child that no one was told of.
    private Stop WithoutChild(Stop stop)
    {
        stop = stop.Kind == StopKind.Event ? Resume() : stop;
        if (stop.IsEnd)
        {
            _theatre.EndStrays();
        }

        return stop;
    }

    private bool EndVfork(out PuppetOutcome outcome)
    {
        outcome = PuppetOutcome.Blocked;
        if (!_vforkChild!._hasExecuted && _vforkChild.IsAlive)
        {
            return false;
        }

        _vforkChild = null;
        _block->Done = 0;
        var stop = Resume();
        outcome = OutcomeOf(stop);
        return stop.Kind == StopKind.Trap;
    }
}
