using System.Globalization;
using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Puppets;

/// <summary>
/// What a thread hands to its children, changed for puppets and put back at the end: one processor, and no
/// randomization of addresses. And how this process takes SIGCHLD.
/// </summary>
internal sealed unsafe class TracerThread : IDisposable
{
    private readonly ulong[] _affinity = new ulong[Processors.MaskWords];
    private readonly int _persona;

    private TracerThread(int persona) => _persona = persona;

    /// <exception cref="PuppetUnavailableException">A sandbox refuses it, or there is no such processor.</exception>
    internal static TracerThread Change(int? processor)
    {
        var persona = Libc.Personality((nuint)Libc.PersonalityQuery);
        if (persona < 0 || Libc.Personality((nuint)(uint)persona | (nuint)Libc.NoRandomization) < 0)
        {
            throw new PuppetUnavailableException(
                $"personality(ADDR_NO_RANDOMIZE) is refused ({Problem()}); seccomp filters of container runtimes do "
                + "that");
        }

        var state = new TracerThread(persona);
        try
        {
            state.Pin(processor ?? Libc.CurrentProcessor());
        }
        catch
        {
            _ = Libc.Personality((nuint)(uint)persona);
            throw;
        }

        IgnoreChildStops();
        return state;
    }

    public void Dispose()
    {
        fixed (ulong* words = _affinity)
        {
            _ = Libc.SetAffinity(0, Processors.MaskWords * sizeof(ulong), words);
        }

        _ = Libc.Personality((nuint)(uint)_persona);
    }

    /// <summary>
    /// A stop of a puppet is no news for a handler of SIGCHLD: the one that .NET installs with the first Process costs
    /// a third of all steps. Where SIGCHLD is ignored, which processes inherit, the kernel reaps before anyone waits.
    /// </summary>
    internal static void IgnoreChildStops()
    {
        Libc.SignalDisposition disposition;
        if (Libc.SignalAction(Libc.SignalChild, null, &disposition) != 0)
        {
            return;
        }

        var flags = (disposition.Flags | Libc.NoChildStopSignal) & ~Libc.NoChildWait;
        var handler = disposition.Handler == Libc.HandlerIgnore ? Libc.HandlerDefault : disposition.Handler;
        if (flags != disposition.Flags || handler != disposition.Handler)
        {
            disposition.Flags = flags;
            disposition.Handler = handler;
            _ = Libc.SignalAction(Libc.SignalChild, &disposition, null);
        }
    }

    /// <summary>
    /// The children of the calling thread that it traces; none where the kernel does not list children.
    /// </summary>
    internal static IEnumerable<int> Tracees()
    {
        const string Children = "/proc/thread-self/children";
        var tracer = $"TracerPid:\t{Libc.GetTid()}\n";
        foreach (var word in ProcText.Read(Children).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(word, CultureInfo.InvariantCulture, out var pid)
                && ProcText.Read($"/proc/{pid}/status").Contains(tracer, StringComparison.Ordinal))
            {
                yield return pid;
            }
        }
    }

    internal static string Problem() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    private void Pin(int processor)
    {
        fixed (ulong* words = _affinity)
        {
            if (Libc.GetAffinity(0, Processors.MaskWords * sizeof(ulong), words) != 0)
            {
                throw new PuppetUnavailableException($"sched_getaffinity is refused ({Problem()})");
            }
        }

        var one = stackalloc ulong[Processors.MaskWords];
        new Span<ulong>(one, Processors.MaskWords).Clear();
        if (processor is < 0 or >= Processors.MaskWords * 64)
        {
            throw new PuppetUnavailableException($"there is no processor {processor}");
        }

        one[processor / 64] = 1ul << (processor % 64);
        if (Libc.SetAffinity(0, Processors.MaskWords * sizeof(ulong), one) != 0)
        {
            throw new PuppetUnavailableException($"cannot run on processor {processor} ({Problem()})");
        }
    }
}
