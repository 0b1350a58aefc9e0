using BenchmarkDotNet.Attributes;
using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Benchmarks;

/// <summary>A full walk of a page that a fan of children shares: nanoseconds a mapping.</summary>
[MemoryDiagnoser]
public class WalkBenchmarks
{
    private const ulong Start = 0x10000000;
    private const int WalksPerInvoke = 64;

    private Machine _machine = null!;
    private MmId _mm;

    [ParamsSource(nameof(Names))]
    public string Design { get; set; } = "";

    /// <summary>Address spaces that map the page.</summary>
    [Params(1, 10, 100)]
    public int Mappings { get; set; }

    public static IEnumerable<string> Names => Catalogue.Designs.Select(entry => entry.Facts.Name);

    [GlobalSetup]
    public void SetUp()
    {
        _machine = Catalogue.Find(Design)!.Create(new MachineOptions());
        _ = _machine.CreateMm(out _mm);
        MmapRequest request = new(
            Start, 1 << 20, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        _ = _machine.Mmap(_mm, request);
        _ = _machine.Fault(_mm, Start, FaultAccess.Write);
        for (int child = 1; child < Mappings; child++)
        {
            _ = _machine.Fork(_mm, out _);
        }
    }

    [Benchmark(OperationsPerInvoke = WalksPerInvoke)]
    public int Walk()
    {
        int useful = 0;
        for (int round = 0; round < WalksPerInvoke; round++)
        {
            useful += _machine.Walk(_mm, Start).Useful;
        }

        return useful;
    }
}
