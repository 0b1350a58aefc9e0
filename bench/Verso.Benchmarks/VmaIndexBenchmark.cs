using System.Diagnostics;
using System.Globalization;
using Verso.Engine;
using Verso.Engine.Vmas;

namespace Verso.Benchmarks;

/// <summary>
/// The index of VMAs beside the kernel's maple tree: the same work as bench/kernel/maple.c, nanoseconds an operation,
/// least of rounds. bench/vma-index runs both and prints their ratios.
/// </summary>
internal sealed class VmaIndexBenchmark
{
    private const int Probes = 1 << 14;
    private const ulong Base = 0x100000000000;

    private readonly int _count;
    private readonly int[] _probes = new int[Probes];
    private readonly VmaNodePool _pool = new();
    private readonly VmaTree _tree;
    private ulong _sink;

    private VmaIndexBenchmark(int count)
    {
        _count = count;
        ulong state = 1;
        for (int at = 0; at < Probes; at++)
        {
            state = unchecked((state * 6364136223846793005) + 1442695040888963407);
            _probes[at] = (int)((state >> 33) % (ulong)count);
        }

        _tree = Filled();
    }

    /// <summary>Prints a line for each kind of work: its name, the count, nanoseconds.</summary>
    /// <param name="count">Entries, each a page, a hole of a page between any two.</param>
    /// <param name="rounds">How often all of it is done.</param>
    public static void Print(int count, int rounds)
    {
        VmaIndexBenchmark benchmark = new(count);
        benchmark.Measure("store-downwards", rounds, benchmark.StoreDownwards);
        benchmark.Measure("erase-and-store", rounds, benchmark.EraseAndStore);
        benchmark.Measure("load", rounds, benchmark.Load);
        benchmark.Measure("step", rounds, benchmark.Step);
        benchmark.Measure("hole-downwards", rounds, benchmark.HoleDownwards);
        benchmark.Measure("hole-upwards", rounds, benchmark.HoleUpwards);
        benchmark.Measure("duplicate", rounds, benchmark.Duplicate);
    }

    private static ulong StartOf(int at) => Base + ((ulong)at * 2 * Page.Size);

    private VmaTree Filled()
    {
        VmaTree tree = new(_pool);
        for (int at = _count - 1; at >= 0; at--)
        {
            tree.Insert(StartOf(at), StartOf(at) + Page.Size, new VmaId(at + 1));
        }

        return tree;
    }

    /// <summary>Nanoseconds an operation: what the work says it took, least of rounds.</summary>
    private void Measure(string name, int rounds, Func<double> work)
    {
        int repeats = Math.Max(1, Probes / _count);
        double least = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            double spent = 0;
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                spent += work();
            }

            least = Math.Min(least, spent / repeats);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {_count} {least:F1}"));
        GC.KeepAlive(_sink);
    }

    private static double Since(long begin, int operations) =>
        Stopwatch.GetElapsedTime(begin).TotalNanoseconds / operations;

    private double StoreDownwards()
    {
        long begin = Stopwatch.GetTimestamp();
        VmaTree fresh = Filled();
        double spent = Since(begin, _count);
        fresh.Clear();
        return spent;
    }

    private double EraseAndStore()
    {
        long begin = Stopwatch.GetTimestamp();
        foreach (int at in _probes)
        {
            _tree.Remove(StartOf(at));
            _tree.Insert(StartOf(at), StartOf(at) + Page.Size, new VmaId(at + 1));
        }

        return Since(begin, Probes * 2);
    }

    private double Load()
    {
        long begin = Stopwatch.GetTimestamp();
        foreach (int at in _probes)
        {
            _sink += (ulong)_tree.Lookup(StartOf(at)).Value;
        }

        return Since(begin, Probes);
    }

    private double Step()
    {
        long begin = Stopwatch.GetTimestamp();
        foreach (VmaId id in _tree.Ids)
        {
            _sink += (ulong)id.Value;
        }

        return Since(begin, _count);
    }

    private double HoleDownwards()
    {
        long begin = Stopwatch.GetTimestamp();
        foreach (int at in _probes)
        {
            Invariant.Require(_tree.TryHighestHole(Page.Size, StartOf(at), 2 * Page.Size, out VmaHole hole));
            _sink += hole.End;
        }

        return Since(begin, Probes);
    }

    private double HoleUpwards()
    {
        long begin = Stopwatch.GetTimestamp();
        foreach (int at in _probes)
        {
            Invariant.Require(_tree.TryLowestHole(StartOf(at), Page.TaskSize, 2 * Page.Size, out VmaHole hole));
            _sink += hole.Start;
        }

        return Since(begin, Probes);
    }

    /// <summary>As fork does: every VMA of the parent, and the child's own put into the child's tree.</summary>
    private double Duplicate()
    {
        long begin = Stopwatch.GetTimestamp();
        VmaTree copy = new(_pool);
        foreach (VmaId id in _tree.Ids)
        {
            ulong start = StartOf(id.Value - 1);
            copy.Insert(start, start + Page.Size, new VmaId(id.Value + _count));
        }

        double spent = Since(begin, _count);
        copy.Clear();
        return spent;
    }
}
