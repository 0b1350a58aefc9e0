using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Recording;

/// <summary>
/// Signals that end the watching of a command, from now until it is disposed of. SIGINT the command has got from the
/// terminal itself; SIGTERM and SIGHUP are passed on to it.
/// </summary>
internal sealed class CommandSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _interrupts;
    private int _terminations;
    private int _passedOn;

    internal CommandSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnTerminate),
    ];

    /// <summary>How many came of all of them.</summary>
    internal int Count => _interrupts + _terminations;

    /// <summary>The number of the one that came last; 0: none.</summary>
    internal int Last { get; private set; }

    /// <summary>
    /// Gives the command, which has just begun, the SIGINT that came before there was one that could have got it from
    /// the terminal.
    /// </summary>
    internal void PassOnEarlier(CommandProcess process)
    {
        if (_interrupts > 0)
        {
            process.Signal(Libc.SignalInterrupt);
        }
    }

    /// <summary>Gives the command what came for it since it was asked last.</summary>
    internal void PassOn(CommandProcess process)
    {
        if (_terminations > _passedOn)
        {
            _passedOn = _terminations;
            process.Signal(Last);
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        Last = Libc.SignalInterrupt;
        Interlocked.Increment(ref _interrupts);
    }

    private void OnTerminate(PosixSignalContext context)
    {
        context.Cancel = true;
        Last = context.Signal == PosixSignal.SIGHUP ? Libc.SignalHangUp : Libc.SignalTerminate;
        Interlocked.Increment(ref _terminations);
    }
}
