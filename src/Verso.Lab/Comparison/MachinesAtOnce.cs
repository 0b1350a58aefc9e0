using System.Runtime.ExceptionServices;
using Verso.Engine;
using Verso.Lab.Playing;

namespace Verso.Lab.Comparison;

/// <summary>Runs machines beside each other that share the memory which one may take.</summary>
internal static class MachinesAtOnce
{
    /// <summary>No machine is given less because others run, in bytes: most need less than this.</summary>
    private const long LeastShareBytes = 64L << 20;

    /// <summary>
    /// Runs all of them, each with what it may take. As soon as one needs more than its share, it and all that have
    /// not begun run alone, with all of it.
    /// </summary>
    /// <param name="count">How many there are.</param>
    /// <param name="jobs">How many may run at once; at least 1.</param>
    /// <param name="limitBytes">What one that runs alone may take of memory.</param>
    /// <param name="run">Runs one: which, and what it may take. It may be run again.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="MemoryLimitException">One would need more than the limit.</exception>
    public static void Run(
        int count, int jobs, long limitBytes, Action<int, long> run, CancellationToken cancellation)
    {
        int atOnce = Math.Clamp(jobs, 1, Math.Max(count, 1));
        long share = Math.Min(Math.Max(limitBytes / atOnce, LeastShareBytes), limitBytes);
        bool[] done = new bool[count];
        ParallelOptions limits = new() { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, count, limits, (at, state) =>
            {
                try
                {
                    run(at, share);
                    done[at] = true;
                }
                catch (Exception large) when (share < limitBytes && NeedsMore(large))
                {
                    state.Break();
                }
            });
        }
        catch (AggregateException failed)
        {
            ExceptionDispatchInfo.Throw(failed.InnerExceptions[0]);
        }

        for (int at = 0; at < count; at++)
        {
            if (!done[at])
            {
                // What the one before took is given back first.
                GC.Collect();
                run(at, limitBytes);
            }
        }
    }

    private static bool NeedsMore(Exception problem) =>
        problem is MemoryLimitException or InputException { InnerException: MemoryLimitException };
}
