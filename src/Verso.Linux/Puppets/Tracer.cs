using System.Runtime.InteropServices;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>Why a traced process stands still, or that it is gone.</summary>
internal enum StopKind
{
    /// <summary>SIGTRAP: the image's own trap, or behind a single instruction.</summary>
    Trap = 0,

    /// <summary>Another signal, of a fault or from outside; its number is the detail.</summary>
    Signal = 1,

    /// <summary>PTRACE_EVENT_*; the event is the detail.</summary>
    Event = 2,

    /// <summary>The watchdog's signal.</summary>
    Interruption = 3,

    /// <summary>Ended by itself; the status is the detail.</summary>
    Exited = 4,

    /// <summary>Ended by a signal, which is the detail.</summary>
    Killed = 5,
}

/// <param name="Kind">Why it stands still.</param>
/// <param name="Detail">See <see cref="StopKind"/>.</param>
internal readonly record struct Stop(StopKind Kind, int Detail)
{
    internal bool IsEnd => Kind >= StopKind.Exited;
}

/// <summary>
/// The ptrace requests and waits of one thread. Waits name the process they are for, so that what another one reports
/// stays with the kernel until it is asked for.
/// </summary>
internal static unsafe class Tracer
{
    internal const int EventFork = 1;
    internal const int EventVfork = 2;
    internal const int EventClone = 3;
    internal const int EventExec = 4;
    internal const int EventStop = 128;

    private const nint RequestCont = 7;
    private const nint RequestGetRegisters = 12;
    private const nint RequestSetRegisters = 13;
    private const nint RequestDetach = 17;
    private const nint RequestGetEventMessage = 0x4201;
    private const nint RequestGetSignal = 0x4202;
    private const nint RequestSeize = 0x4206;
    private const nint RequestInterrupt = 0x4207;

    /// <summary>
    /// EXITKILL, and the events fork, vfork, clone and exec; children inherit them with their tracer.
    /// </summary>
    private const nint Options = 0x100000 | (1 << EventFork) | (1 << EventVfork) | (1 << EventClone) | (1 << EventExec);

    /// <summary>Returns errno.</summary>
    internal static int Seize(int pid) => Request(RequestSeize, pid, 0, Options) ? 0 : Marshal.GetLastPInvokeError();

    internal static void Interrupt(int pid) => Request(RequestInterrupt, pid, 0, 0);

    /// <summary>
    /// Resumes without any signal. A process that was killed meanwhile cannot be resumed, only waited for.
    /// </summary>
    internal static void Resume(int pid) => Request(RequestCont, pid, 0, 0);

    /// <summary>Ends the tracing of a process that has stopped, and resumes it with a signal; 0 is none.</summary>
    internal static void Detach(int pid, int signal) => Request(RequestDetach, pid, 0, signal);

    internal static bool TryGetRegisters(int pid, out Registers registers)
    {
        fixed (Registers* pointer = &registers)
        {
            return Request(RequestGetRegisters, pid, 0, (nint)pointer);
        }
    }

    internal static void SetRegisters(int pid, in Registers registers)
    {
        fixed (Registers* pointer = &registers)
        {
            Request(RequestSetRegisters, pid, 0, (nint)pointer);
        }
    }

    internal static bool TryGetSignal(int pid, out Libc.SignalInformation information)
    {
        fixed (Libc.SignalInformation* pointer = &information)
        {
            return Request(RequestGetSignal, pid, 0, (nint)pointer);
        }
    }

    /// <summary>The process that a fork event tells of.</summary>
    internal static int GetEventMessage(int pid)
    {
        ulong message = 0;
        return Request(RequestGetEventMessage, pid, 0, (nint)(&message)) ? (int)message : 0;
    }

    /// <summary>Sleeps until the process stops or ends, and reaps it if it has.</summary>
    internal static Stop Wait(int pid, Watchdog? watchdog)
    {
        int status;
        while (Libc.WaitPid(pid, &status, Libc.WaitAllOfThread) != pid)
        {
            if (Marshal.GetLastPInvokeError() != Libc.ErrorInterrupted)
            {
                // Someone else in this process has reaped it.
                return new Stop(StopKind.Killed, Libc.SignalKill);
            }
        }

        return Decode(status, watchdog);
    }

    /// <summary>Lets a process that has been killed die, and reaps it.</summary>
    internal static Stop WaitForEnd(int pid)
    {
        Stop stop;
        while (!(stop = Wait(pid, null)).IsEnd)
        {
            Resume(pid);
        }

        return stop;
    }

    /// <summary>Whether a process that stood still is gone meanwhile; reaps it.</summary>
    internal static bool IsGone(int pid, Watchdog? watchdog, out Stop stop)
    {
        int status;
        stop = default;
        var found = Libc.WaitPid(pid, &status, Libc.WaitAllOfThread | Libc.WaitNoHang);
        if (found == 0)
        {
            return false;
        }

        stop = found == pid ? Decode(status, watchdog) : new Stop(StopKind.Killed, Libc.SignalKill);
        return stop.IsEnd;
    }

    private static Stop Decode(int status, Watchdog? watchdog)
    {
        var signal = (status >> 8) & 0xff;
        if ((status & 0x7f) == 0)
        {
            return new Stop(StopKind.Exited, signal);
        }

        if ((status & 0xff) != 0x7f)
        {
            return new Stop(StopKind.Killed, status & 0x7f);
        }

        var happened = status >> 16;
        return (happened, signal) switch
        {
            (not 0, _) => new Stop(StopKind.Event, happened),
            (_, Libc.SignalTrap) => new Stop(StopKind.Trap, signal),
            (_, Libc.SignalStop) when watchdog is { HasInterrupted: true } => new Stop(StopKind.Interruption, signal),
            _ => new Stop(StopKind.Signal, signal),
        };
    }

    private static bool Request(nint request, int pid, nint address, nint data) =>
        Libc.SystemCall(SystemCallNumber.Ptrace, request, pid, address, data) == 0;
}
