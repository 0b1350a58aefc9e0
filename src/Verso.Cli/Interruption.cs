using System.Runtime.InteropServices;

namespace Verso.Cli;

/// <summary>
/// Ctrl-C and SIGTERM as cancellation, for as long as this lives. The second one ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>Which signal came first; 0: none.</summary>
    private static PosixSignal s_first;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    internal Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>The exit status of a command that was interrupted: what a shell gives for the signal.</summary>
    internal static int Status =>
        s_first == PosixSignal.SIGTERM ? ExitStatus.Terminated : ExitStatus.Interrupted;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        s_first = s_first == 0 ? context.Signal : s_first;
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
