using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Families;
using Verso.Lab.Replay;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>Families, owners, depths and walks of graphs whose history is known.</summary>
public sealed class FamilyGraphTests
{
    private const ulong Base = 0x10000;

    private readonly Machine _machine = Catalogue.Find(ReferenceDesign.Name)!.Create(new MachineOptions());
    private readonly List<MmId> _mms = [];

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    public void AChainOfForks(int generations)
    {
        MmId last = Begin();
        for (int i = 0; i < generations; i++)
        {
            last = Fork(last);
        }

        FamilyGraph graph = Graph();
        Family family = Assert.Single(graph.Families);
        Assert.Equal((generations + 1) * (generations + 2) / 2, graph.ChainEntries);
        Assert.Equal(generations + 1, family.LongestChain);
        Assert.Equal(generations, family.Depth);
        Assert.Equal(generations + 1, Assert.Single(graph.Roots).AnonVmas);
        Assert.Equal([null, .. graph.Spaces.SkipLast(1)], graph.Spaces.Select(space => space.Parent));
        Assert.All(graph.Spaces, space => Assert.Equal(1, space.OwnAnonVmas));
        Assert.Equal(generations + 1, graph.Roots[0].Widest.Visits.Most);
        Assert.Equal(0, graph.PartialCount);
    }

    [Fact]
    public void AFanWhoseParentHasEnded()
    {
        MmId parent = Begin();
        MmId[] children = [.. Enumerable.Range(0, 4).Select(_ => Fork(parent))];
        Assert.All(Graph().Spaces.Skip(1), space => Assert.Equal(1, space.Parent!.Process.Pid));
        End(parent);
        FamilyGraph graph = Graph();
        Family family = Assert.Single(graph.Families);
        Assert.Equal(4, family.Heads.Count());
        Assert.Equal(1, family.Orphans);
        Assert.Equal(2 * children.Length, graph.ChainEntries);

        // What ended is still a context with children, a list that pages may name, and the space of the family.
        Assert.Equal(5, Live(graph, "cow-context", "cow_context"));
        Assert.Equal(1, Live(graph, "mm-address-space", "address_space"));
        Assert.Equal(1, Live(graph, "anon-area", "anon_area"));
        Assert.Equal(1, Live(graph, "anon-vma", "anon_vma"));
        Assert.Equal(4, Live(graph, "anon-vma-lazy", "anon_vma_chain"));
    }

    [Fact]
    public void AGrandparentStandsInForAParent()
    {
        MmId first = Begin();
        MmId second = Fork(first);
        _ = Fork(second);
        End(second);
        FamilyGraph graph = Graph();
        Assert.Equal(graph.Spaces[0], graph.Spaces[1].Parent);
    }

    [Fact]
    public void WhoSharesNothingIsNoFamily()
    {
        _ = Begin();
        _ = Begin();
        FamilyGraph graph = Graph();
        Assert.Equal(2, graph.Families.Count);
        Assert.All(graph.Families, family => Assert.Single(family.Spaces));
    }

    [Fact]
    public void AWalkVisitsWhatCoversThePage()
    {
        // Ten pages in five VMAs of one anon_vma: five in its tree, one for a page; the child doubles both.
        MmId mm = Begin();
        for (ulong page = 0; page < 10; page += 4)
        {
            _machine.Mprotect(mm, Base + (page * Page.Size), 2 * Page.Size, Protection.Read);
        }

        AnonVmaNode alone = Assert.Single(Graph().AnonVmas);
        Assert.Equal((5, 5, 1, 10UL), (alone.TreeSize, alone.ActiveVmas, alone.Visits.Most, alone.Visits.Pages));
        _ = Fork(mm);
        AnonVmaNode shared = Graph().Roots[0].Widest;
        Assert.Equal((10, 2, 2.0), (shared.TreeSize, shared.Visits.Most, shared.Visits.Mean));
        WalkHistogram walks = WalkHistogram.Of(Graph().AnonVmas);
        Assert.Equal([(1, 1, 5), (9, 16, 1)], walks.Buckets.Select(one => (one.From, one.To, one.AnonVmas)));
        Assert.Equal(2, walks.All.Most);
    }

    [Fact]
    public void AFamilyReadInPartIsSaidToBe()
    {
        MmId parent = Begin();
        _ = Fork(parent);
        Snapshot whole = SnapshotOf();
        foreach (ProcessGraph one in whole.Processes)
        {
            FamilyGraph part = FamilyGraph.Of(whole with { Processes = [one] });
            Assert.True(part.PartialCount > 0, $"process {one.Pid}");
        }
    }

    [Fact]
    public void ProcessesThatShareAnAddressSpaceCountOnce()
    {
        _ = Begin();
        Snapshot once = SnapshotOf();
        ProcessGraph process = once.Processes[0] with { Image = once.Processes[0].Image with { Identity = 7 } };
        FamilyGraph graph = FamilyGraph.Of(once with { Processes = [process, process with { Pid = 9 }] });
        Assert.Equal([1, 9], Assert.Single(graph.Spaces).Processes.Select(one => one.Pid));
        Assert.Equal(1, graph.ChainEntries);
    }

    [Fact]
    public void CirclesOfAMadeUpFileEnd()
    {
        AnonVmaImage[] nodes = [new(1, 2, 2, 1, 1), new(2, 1, 1, 1, 1), new(3, 9, 8, 0, 0)];
        MmImage image = new()
        {
            Vmas = [new VmaImage(Base, Base + Page.Size, VmaFlags.Read, 0, default, 1, [1, 2, 3])],
            AnonVmas = nodes,
        };
        Snapshot made = SnapshotOf() with { Processes = [new ProcessGraph(1, "x", 0, image, GraphReading.Whole)] };
        FamilyGraph graph = FamilyGraph.Of(made);
        Assert.Equal(3, graph.ChainEntries);
        Assert.Equal(3, graph.Roots.Sum(root => root.AnonVmas));
        Assert.All(Load(graph, DesignChoice.All), design => Assert.Equal((0, 1), (design.Vmas, design.LeftOut)));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 10)]
    public void PageOffsetsThatWrapAreLeftOutByEveryDesign(ulong pgoff)
    {
        MmId mm = Begin();
        _ = Fork(mm);
        Snapshot made = SnapshotOf();
        MmImage image = made.Processes[0].Image;
        image = image with { Vmas = [.. image.Vmas.Select(vma => vma with { Pgoff = pgoff })] };
        FamilyGraph graph = FamilyGraph.Of(
            made with { Processes = [made.Processes[0] with { Image = image }, made.Processes[1]] });
        Assert.All(Load(graph, DesignChoice.ParseList("all")), design => Assert.Equal(1, design.LeftOut));
    }

    [Fact]
    public void AViewIsComparedWithTheOneBefore()
    {
        MmId first = Begin();
        MmId second = Begin();
        TopView before = TopView.Of(SnapshotOf(), TopOrder.Pid);
        Assert.False(before.IsCompared);
        _machine.Mprotect(first, Base, Page.Size, Protection.Read);
        End(second);
        _ = Fork(first);
        TopView after = TopView.Of(SnapshotOf(), TopOrder.Growth, before, TimeSpan.FromSeconds(2));
        Assert.Equal([1, 3], after.Rows.Select(row => row.Pid));
        Assert.Equal((1L, 64L), (after.Rows[0].MoreVmas, after.Rows[0].MoreBytes));
        Assert.Equal(0.5, after.Rows[0].VmasPerSecond);
        Assert.Null(after.Rows[1].MoreVmas);
        Assert.Equal(after.Bytes, after.Rows.Sum(row => row.Bytes));

        // The same id, but another process: what it has is all new.
        Snapshot reborn = SnapshotOf();
        reborn = reborn with
        {
            Processes = [.. reborn.Processes.Select(one => one with { StartNanoseconds = one.StartNanoseconds + 5 })],
        };
        Assert.All(TopView.Of(reborn, TopOrder.Vmas, after).Rows, row => Assert.Null(row.MoreBytes));
    }

    private static long Live(FamilyGraph graph, string design, string name) =>
        Load(graph, [DesignChoice.Parse(design)])[0].Objects.Single(held => held.Name == name).Count;

    private static IReadOnlyList<DesignHoldings> Load(FamilyGraph graph, IReadOnlyList<DesignChoice> designs) =>
        DesignHoldings.Of(graph, designs, jobs: 1, cancellation: TestContext.Current.CancellationToken);

    private MmId Begin()
    {
        Assert.Equal(Errno.None, _machine.CreateMm(out MmId mm).Errno);
        MmapRequest request = new(
            Base,
            10 * Page.Size,
            Protection.Read | Protection.Write,
            MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(Errno.None, _machine.Mmap(mm, request).Errno);
        Assert.Equal(FaultOutcome.Done, _machine.Fault(mm, Base, FaultAccess.Write));
        _mms.Add(mm);
        return mm;
    }

    private MmId Fork(MmId parent)
    {
        Assert.Equal(Errno.None, _machine.Fork(parent, out MmId child).Errno);
        _mms.Add(child);
        return child;
    }

    private void End(MmId mm)
    {
        _machine.ReleaseMm(mm);
        _mms.Remove(mm);
    }

    private FamilyGraph Graph() => FamilyGraph.Of(SnapshotOf());

    private Snapshot SnapshotOf() => new()
    {
        Header = new SnapshotHeader { Kernel = "6.18.44" },
        Files = [],
        Processes = [.. _mms.Select(mm => new ProcessGraph(
            mm.Value, "made", (ulong)mm.Value, _machine.Capture(mm), GraphReading.Whole))],
    };
}
