using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Families;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// A graph is loaded into machines: the reference design must hold exactly the objects of the machine it was taken
/// from, every design must keep its invariants, and nothing may remain when all processes have ended.
/// </summary>
/// <remarks>
/// Strategy: random steps of the engine make families; what is captured of them is loaded. VERSO_SEED=N begins
/// elsewhere.
/// </remarks>
public sealed class FamilyLoadTests
{
    private const int Scenarios = 60;
    private const int StepsOfScenario = 80;

    [Fact]
    public void TheReferenceHoldsWhatWasThere()
    {
        long chains = 0;
        foreach (ulong seed in Seeds())
        {
            EngineStage stage = Play(seed);
            FamilyGraph graph = FamilyGraph.Of(SnapshotOf(stage));
            Machine loaded = DesignHoldings.Machine(graph, ReferenceDesign.Choice);
            foreach (string name in (string[])["vm_area_struct", "anon_vma", "anon_vma_chain"])
            {
                Assert.True(
                    Live(stage.Machine, name) == Live(loaded, name),
                    $"seed {seed}: {Live(stage.Machine, name)} {name}, {Live(loaded, name)} loaded");
            }

            Assert.Equal(Live(loaded, "anon_vma"), graph.AnonVmas.Count);
            Assert.Equal(Live(loaded, "anon_vma_chain"), graph.ChainEntries);
            Assert.Equal(0, graph.PartialCount);
            chains += graph.ChainEntries;
            Assert.True(loaded.Audit() is null, $"seed {seed}: {loaded.Audit()}");
        }

        Assert.True(chains > 500, $"only {chains} chains in all scenarios");
    }

    /// <summary>
    /// Shares are of what the kernel has for the same address spaces: those that no machine can have count on neither
    /// side.
    /// </summary>
    [Fact]
    public void WhatIsLeftOutCountsOnNeitherSide()
    {
        Snapshot sound = SnapshotOf(Play(3));
        DesignHoldings before = Load(FamilyGraph.Of(sound));
        Assert.True(before.KernelBytes > 0);
        Assert.Equal(before.Bytes, before.KernelBytes);
        VmaImage low = new(0x10000, 0x12000, default, 0x10, default, ulong.MaxValue, [ulong.MaxValue]);
        MmImage overlapping = new()
        {
            Vmas = [low, low],
            AnonVmas = [new AnonVmaImage(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 1, 2)],
        };
        ProcessGraph damaged = new(int.MaxValue, "damaged", 1, overlapping, GraphReading.Changed);
        FamilyGraph graph = FamilyGraph.Of(sound with { Processes = [.. sound.Processes, damaged] });
        DesignHoldings after = Load(graph);
        Assert.Equal((1, before.Bytes, before.KernelBytes), (after.LeftOut, after.Bytes, after.KernelBytes));
    }

    [Fact]
    public void TheGraphComesOutAsItWentIn()
    {
        foreach (ulong seed in Seeds())
        {
            Snapshot before = SnapshotOf(Play(seed));
            FamilyGraph graph = FamilyGraph.Of(before);
            Machine loaded = DesignHoldings.Machine(graph, ReferenceDesign.Choice);
            Snapshot after = SnapshotOf([.. loaded.World.Mms.Live.Select(mm => loaded.Capture(mm.Id))]);

            // Handles are given out anew, in the order of the images.
            Dictionary<ulong, ulong> names = [];
            foreach ((ProcessGraph one, ProcessGraph other) in before.Processes.Zip(after.Processes))
            {
                foreach ((VmaImage a, VmaImage b) in one.Image.Vmas.Zip(other.Image.Vmas))
                {
                    Assert.Equal((a.Start, a.End, a.Flags, a.Pgoff), (b.Start, b.End, b.Flags, b.Pgoff));
                    Assert.Equal(a.Chain.Count, b.Chain.Count);
                    foreach ((ulong left, ulong right) in a.Chain.Zip(b.Chain).Append((a.AnonVma, b.AnonVma)))
                    {
                        Assert.Equal(names.TryAdd(left, right) ? right : names[left], right);
                    }
                }
            }
        }
    }

    public static TheoryData<string> Designs() => [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    [Theory]
    [MemberData(nameof(Designs))]
    public void EveryDesignKeepsItsInvariantsAndLeavesNothing(string name)
    {
        DesignChoice design = DesignChoice.Parse(name);
        foreach (ulong seed in Seeds())
        {
            FamilyGraph graph = FamilyGraph.Of(SnapshotOf(Play(seed)));
            Machine machine = DesignHoldings.Machine(graph, design);
            Assert.True(machine.Audit() is null, $"seed {seed}: {machine.Audit()}");
            foreach (Mm mm in machine.World.Mms.Live.ToArray())
            {
                machine.ReleaseMm(mm.Id);
            }

            Assert.All(
                machine.Ledger.Rows,
                row => Assert.True(row.Live == 0, $"seed {seed}: {row.Live} {row.Name} remain"));
        }
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void EveryDesignWorksOnWithWhatWasLoaded(string name)
    {
        foreach (ulong seed in Seeds())
        {
            FamilyGraph graph = FamilyGraph.Of(SnapshotOf(Play(seed)));
            Machine machine = DesignHoldings.Machine(graph, DesignChoice.Parse(name));
            foreach (Mm mm in machine.World.Mms.Live.ToArray())
            {
                Assert.Equal(Errno.None, machine.Fork(mm.Id, out MmId child).Errno);
                machine.ReleaseMm(mm.Id);
                Assert.True(machine.Audit() is null, $"seed {seed}: {machine.Audit()}");
                machine.ReleaseMm(child);
            }

            Assert.Equal(0, machine.Ledger.Rows.First(row => row.Name == "vm_area_struct").Live);
        }
    }

    [Fact]
    public void AFailedAllocationLeavesNothing()
    {
        FamilyGraph graph = FamilyGraph.Of(SnapshotOf(Play(3)));
        RelatedImage[] images = [.. graph.Spaces.Select(space => new RelatedImage(
            space.Image with { Vmas = [.. space.Image.Vmas.Select(vma => vma with { File = default })] }))];
        foreach (Catalogue.Entry entry in Catalogue.Designs)
        {
            for (int nth = 1; ; nth += 3)
            {
                NthAllocationFails failure = new();
                Machine machine = entry.Create(new MachineOptions { Failure = failure });
                failure.Arm(nth);
                Errno errno = machine.CreateMms(images, out IReadOnlyList<MmId> mms).Errno;
                if (errno == Errno.None)
                {
                    Assert.Equal(images.Length, mms.Count);
                    break;
                }

                Assert.Empty(mms);
                Assert.Equal(0, machine.World.Mms.LiveCount);
                Assert.Equal(0, machine.Ledger.Rows.First(row => row.Name == "vm_area_struct").Live);
            }
        }
    }

    private static DesignHoldings Load(FamilyGraph graph) => Assert.Single(DesignHoldings.Of(
        graph, [ReferenceDesign.Choice], jobs: 1, cancellation: TestContext.Current.CancellationToken));

    private static IEnumerable<ulong> Seeds() =>
        Enumerable.Range(RandomSeed.First, Scenarios).Select(seed => (ulong)seed);

    private static long Live(Machine machine, string name) =>
        machine.Ledger.Rows.First(row => row.Name == name).Live;

    private static EngineStage Play(ulong seed)
    {
        Catalogue.Entry reference = Catalogue.Find(ReferenceDesign.Name)!;
        EngineStage stage = new(reference, new Scenario([]));
        OpGenerator generator = new(seed, stage, StepMix.Modelled);
        for (int step = 0; step < StepsOfScenario; step++)
        {
            _ = stage.Do(generator.Next());
        }

        return stage;
    }

    private static Snapshot SnapshotOf(EngineStage stage) =>
        SnapshotOf([.. stage.Mms.OrderBy(mm => mm.Value.Value).Select(mm => stage.Capture(mm.Key))]);

    private static Snapshot SnapshotOf(IReadOnlyList<MmImage> images) => new()
    {
        Header = new SnapshotHeader { Kernel = "6.18.44" },
        Files = [],
        Processes = [.. images.Select((image, at) =>
            new ProcessGraph(at + 1, "made", (ulong)at, image, GraphReading.Whole))],
    };
}
