using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>
/// A thread that interrupts a step that sleeps, by a signal that the tracer sees before the puppet does, and kills a
/// puppet whose step never ends. A step costs it two stores; it looks once a patience.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly ManualResetEventSlim _ending = new(false);
    private readonly Thread _thread;
    private readonly TimeSpan _patience;
    private readonly TimeSpan _limit;
    private long _step;
    private int _pid;
    private long _interrupted;

    internal Watchdog(TimeSpan patience, TimeSpan limit)
    {
        _patience = patience;
        _limit = limit;
        _thread = new Thread(Watch) { IsBackground = true, Name = "puppet watchdog" };
        _thread.Start();
    }

    /// <summary>Whether the step in progress has been sent its interruption.</summary>
    internal bool HasInterrupted => Volatile.Read(ref _interrupted) == _step;

    public void Dispose()
    {
        _ending.Set();
        _thread.Join();
        _ending.Dispose();
    }

    internal void Begin(int pid)
    {
        Volatile.Write(ref _step, _step + 1);
        Volatile.Write(ref _pid, pid);
    }

    internal void End() => Volatile.Write(ref _pid, 0);

    private void Watch()
    {
        long seen = 0;
        var age = TimeSpan.Zero;
        while (!_ending.Wait(_patience))
        {
            var pid = Volatile.Read(ref _pid);
            var step = Volatile.Read(ref _step);
            if (pid == 0 || step != seen)
            {
                seen = step;
                age = TimeSpan.Zero;
                continue;
            }

            age += _patience;
            if (age >= _limit)
            {
                _ = Libc.Kill(pid, Libc.SignalKill);
            }
            else if (IsAsleep(pid) && Volatile.Read(ref _step) == step)
            {
                // Should the step end just now, the signal comes with the next one and is dropped as a stranger.
                Volatile.Write(ref _interrupted, step);
                _ = Libc.SystemCall(SystemCallNumber.Tgkill, pid, pid, Libc.SignalStop, 0);
            }
        }
    }

    // Not a step that runs, waits for a disk or for its turn.
    private static bool IsAsleep(int pid)
    {
        var text = ProcText.Read($"/proc/{pid}/stat");
        var state = text.LastIndexOf(')') + 2;
        return state >= 2 && state < text.Length && text[state] == 'S';
    }
}
