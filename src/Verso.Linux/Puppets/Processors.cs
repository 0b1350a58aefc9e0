using Verso.Linux.Interop;

namespace Verso.Linux.Puppets;

/// <summary>The processors that the calling thread may run on.</summary>
public static unsafe class Processors
{
    /// <summary>Room for 8192 processors.</summary>
    internal const int MaskWords = 128;

    /// <summary>
    /// By ascending number: what taskset and cpusets leave (sched_getaffinity). Throws
    /// <see cref="PuppetUnavailableException"/> where a sandbox refuses the call.
    /// </summary>
    public static IReadOnlyList<int> Allowed()
    {
        var words = stackalloc ulong[MaskWords];
        new Span<ulong>(words, MaskWords).Clear();
        if (Libc.GetAffinity(0, MaskWords * sizeof(ulong), words) != 0)
        {
            throw new PuppetUnavailableException($"sched_getaffinity is refused ({TracerThread.Problem()})");
        }

        List<int> allowed = [];
        for (var processor = 0; processor < MaskWords * 64; processor++)
        {
            if ((words[processor / 64] >> (processor % 64) & 1) != 0)
            {
                allowed.Add(processor);
            }
        }

        return allowed;
    }

    /// <summary>The processor for the n-th worker; more workers than processors share them.</summary>
    /// <param name="worker">From 0.</param>
    public static int For(int worker)
    {
        var allowed = Allowed();
        return allowed[worker % allowed.Count];
    }
}
