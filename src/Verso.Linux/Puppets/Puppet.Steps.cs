using Verso.Engine;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

// One step: from standing still to standing still again.
public sealed unsafe partial class Puppet
{
    private PuppetOutcome _fault;
    private ulong? _executing;

    internal void End(Stop stop)
    {
        _end = stop.Kind == StopKind.Exited ? PuppetOutcome.Exited(stop.Detail) : PuppetOutcome.Killed(stop.Detail);
        _theatre.Forget(this);
    }

    /// <summary>
    /// Brings a process that the theatre has just got to where puppets wait for their steps. It stops by itself: it was
    /// forked from a puppet, or was told to.
    /// </summary>
    internal void BringToReady()
    {
        while (true)
        {
            var stop = Tracer.Wait(Pid, _theatre.Watchdog);
            if (stop.IsEnd)
            {
                End(stop);
                return;
            }

            if (stop is { Kind: StopKind.Event, Detail: Tracer.EventStop })
            {
                Tracer.SetRegisters(Pid, _theatre.Registers);
                return;
            }

            Tracer.Resume(Pid);
        }
    }

    private bool TryBegin(out PuppetOutcome outcome)
    {
        _theatre.RequireOwnThread();
        outcome = _end ?? default;
        return _end is null && (_vforkChild is null || EndVfork(out outcome));
    }

    private Stop RunCall(
        long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0)
    {
        _block->Number = number;
        _block->First = a;
        _block->Second = b;
        _block->Third = c;
        _block->Fourth = d;
        _block->Fifth = e;
        _block->Sixth = f;
        return Run(PuppetImage.Shared.Call);
    }

    private Stop Run(ulong entry)
    {
        _block->Entry = entry;
        _block->Done = 0;
        return Resume();
    }

    private Stop Resume()
    {
        _theatre.Watchdog.Begin(Pid);
        Tracer.Resume(Pid);
        Stop stop;
        while (!IsOver(stop = Tracer.Wait(Pid, _theatre.Watchdog)))
        {
            Tracer.Resume(Pid);
        }

        _theatre.Watchdog.End();
        if (stop.IsEnd)
        {
            End(stop);
        }

        return stop;
    }

    // A signal from outside is dropped; SIGKILL alone cannot be.
    private bool IsOver(Stop stop) => stop.Kind switch
    {
        StopKind.Trap => _block->Done != 0 || IsFault(),
        StopKind.Event => stop.Detail != Tracer.EventStop,
        StopKind.Interruption => IsInterrupted(),
        StopKind.Signal => IsFault(),
        _ => true,
    };

    private bool IsFault()
    {
        if (!Tracer.TryGetSignal(Pid, out var signal) || signal.Code <= 0)
        {
            return false;
        }

        _fault = new PuppetOutcome(PuppetOutcomeKind.Fault, 0, signal.Signal, signal.Code, signal.Address);
        Tracer.SetRegisters(Pid, _theatre.Registers);
        return true;
    }

    private bool IsInterrupted()
    {
        var image = PuppetImage.Shared;
        if (!Tracer.TryGetRegisters(Pid, out var registers)
            || !(registers.Interrupted
                || registers.Rip == image.LoadAccess
                || registers.Rip == image.StoreAccess
                || registers.Rip == _executing))
        {
            return false;
        }

        Tracer.SetRegisters(Pid, _theatre.Registers);
        return true;
    }

    private PuppetOutcome OutcomeOf(Stop stop) => stop.Kind switch
    {
        StopKind.Trap => PuppetOutcome.Done(_block->Result),
        StopKind.Signal => _fault,
        StopKind.Interruption => PuppetOutcome.Blocked,
        _ => EndOf(stop),
    };

    private PuppetOutcome EndOf(Stop stop)
    {
        Invariant.Require(stop.IsEnd);
        return _end!.Value;
    }
}
