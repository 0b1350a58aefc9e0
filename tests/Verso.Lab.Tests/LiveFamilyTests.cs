using Verso.Engine;
using Verso.Lab.Families;
using Verso.Lab.LockStep;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Snapshots;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// The graph of the live kernel is loaded into the reference design, which must then hold exactly as many VMAs,
/// anon_vmas and chains: of this machine as it is, and of random families of puppets.
/// </summary>
/// <remarks>
/// Strategy: random steps, seeds 1 to 100, make families of test processes; the snapshot of each is loaded.
/// </remarks>
public sealed class LiveFamilyTests(ITestOutputHelper output)
{
    private const int Scenarios = 100;
    private const int StepsOfScenario = 60;

    [Fact]
    public void AllProcesses()
    {
        using GraphReader reader = Open();
        Snapshot snapshot = SnapshotTaker.Take(reader, ProcessSelection.All);
        snapshot = snapshot with
        {
            Processes = [.. snapshot.Processes.Where(process => process.Reading == GraphReading.Whole)],
        };
        FamilyGraph graph = FamilyGraph.Of(snapshot);
        AssertExact(graph, SnapshotSummary.Of(snapshot), "all");
        Assert.True(graph.AnonVmas.Count > 20);
        Assert.All(snapshot.Processes, process => Assert.True(process.Memory is null or { PageTableBytes: > 0 }));
        Assert.Contains(snapshot.Processes, process => process.Memory is { AnonymousPages: > 0 });
    }

    [Fact]
    public void RandomFamiliesOfPuppets()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        (long chains, int several) = (0, 0);
        KernelStage.Use(worker: 0, kernel =>
        {
            Verifier verifier = new(kernel, rules!);
            for (ulong seed = 1; seed <= Scenarios; seed++)
            {
                Assert.Null(verifier.PlayRandom(seed, StepsOfScenario, StepMix.Everything)?.Difference);
                Snapshot snapshot = SnapshotOf(kernel);
                FamilyGraph graph = FamilyGraph.Of(snapshot);
                AssertExact(graph, SnapshotSummary.Of(snapshot), $"seed {seed}");
                Assert.Equal(0, graph.PartialCount);
                chains += graph.ChainEntries;
                several += graph.Families.Any(family => family.Spaces.Count > 1) ? 1 : 0;
            }
        });
        output.WriteLine($"{chains} chains, {several} scenarios with a family of several");
        Assert.True(chains > 1000 && several > 30, $"{chains} chains, {several} scenarios with a family");
    }

    private static void AssertExact(FamilyGraph graph, SnapshotSummary summary, string what)
    {
        Machine machine = DesignHoldings.Machine(graph, ReferenceDesign.Choice);
        Assert.Equal(summary.Vmas, Live("vm_area_struct"));
        Assert.Equal(summary.AnonVmas, Live("anon_vma"));
        Assert.Equal(summary.ChainEntries, Live("anon_vma_chain"));
        Assert.Equal(summary.AnonVmas, graph.AnonVmas.Count);
        Assert.Equal(summary.Roots, graph.Roots.Count);
        Assert.Equal(graph.Bytes, graph.Families.Sum(family => family.Bytes));
        Assert.Equal(graph.Bytes, graph.Roots.Sum(root => root.Bytes));

        long Live(string name) => machine.Ledger.Rows.FirstOrDefault(row => row.Name == name)?.Live
            ?? throw new InvalidOperationException($"{what}: no {name}");
    }

    private static Snapshot SnapshotOf(KernelStage kernel) => new()
    {
        Header = new SnapshotHeader { Kernel = KernelStage.Release },
        Files = kernel.Files,
        Processes = [.. kernel.Mms.Order().Select((mm, at) =>
            new ProcessGraph(at + 1, $"{mm}", (ulong)at, kernel.Capture(mm), GraphReading.Whole))],
    };

    private static GraphReader Open()
    {
        string? missing = GraphReader.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        return GraphReader.Open();
    }
}
