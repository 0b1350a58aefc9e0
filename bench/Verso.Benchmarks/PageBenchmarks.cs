using BenchmarkDotNet.Attributes;
using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Benchmarks;

/// <summary>
/// The paths that touch pages, for each design: nanoseconds a page, and bytes allocated (goal: 0). The live kernel's
/// figures for the same work come from bench/kernel/pages.c; bench/run prints both.
/// </summary>
/// <remarks>Not measured: contents, locks, TLBs. A large ratio to the kernel is no achievement by itself.</remarks>
[MemoryDiagnoser]
public class PageBenchmarks
{
    /// <summary>16 MiB: 8 leaf page tables.</summary>
    public const int Pages = 4096;

    private const ulong Start = 0x10000000;
    private const ulong Length = (ulong)Pages << Page.Shift;

    private Machine _machine = null!;
    private MmId _mm;
    private MmId _child;

    [ParamsSource(nameof(Names))]
    public string Design { get; set; } = "";

    public static IEnumerable<string> Names => Catalogue.Designs.Select(entry => entry.Facts.Name);

    [GlobalSetup]
    public void SetUp()
    {
        _machine = Catalogue.Find(Design)!.Create(new MachineOptions());
        _ = _machine.CreateMm(out _mm);
        MmapRequest request = new(
            Start, Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        _ = _machine.Mmap(_mm, request);
        Touch(_mm);
    }

    /// <summary>Write faults of a whole range, in order, and the zap that makes them necessary again.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public ulong FaultAndZap()
    {
        _ = _machine.Madvise(_mm, Start, Length, Advice.DontNeed);
        return Touch(_mm);
    }

    /// <summary>fork of a populated range and the child's exit.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public int ForkAndExit()
    {
        _ = _machine.Fork(_mm, out _child);
        _machine.ReleaseMm(_child);
        return _child.Value;
    }

    /// <summary>fork, copy-on-write of every page in the child, exit.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public ulong ForkCopyOnWriteAndExit()
    {
        _ = _machine.Fork(_mm, out _child);
        ulong done = Touch(_child);
        _machine.ReleaseMm(_child);
        return done;
    }

    private ulong Touch(MmId mm)
    {
        ulong done = 0;
        for (ulong at = Start; at < Start + Length; at += Page.Size)
        {
            done += (ulong)_machine.Fault(mm, at, FaultAccess.Write);
        }

        return done;
    }
}
