using Verso.Engine.ReverseMaps;
using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.ReverseMaps.PageTableScan;
using Verso.Engine.ReverseMaps.PteChain;
using Verso.Engine.Tests.Conformance;
using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.ReverseMaps;

/// <summary>A walk takes an object and a range of its pages, not one frame.</summary>
public sealed class RangeWalkTests
{
    private const int Pages = 8;

    /// <summary>
    /// VerifyWalks walks for pages together where they follow each other in one object, in every scenario that a test
    /// plays; this is that it does so. The mapping of a page in pte-chain is its own chain.
    /// </summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void PagesOfOneObjectAreWalkedForTogether(string design)
    {
        PageStage scenario = Written(DesignCases.Named(design));
        scenario.Check();
        int together = design.StartsWith("pte-chain", StringComparison.Ordinal) ? 0 : 1;
        Assert.Equal(Pages + together, scenario.Counters.WalksFor(WalkPurpose.Verify).Count);
    }

    /// <summary>What goes by frames takes those that follow.</summary>
    [Fact]
    public void AWalkByFramesTakesThoseThatFollow()
    {
        CheckByFrames<PteChainPages>("pte-chain");
        CheckByFrames<PageTableScanPages>("page-table-scan");
    }

    /// <summary>
    /// The key is the walk's, as each rmap_item of a KSM page has one: here that of the child's page, for a frame that
    /// the parent's page names.
    /// </summary>
    [Fact]
    public void AWalkGoesByTheKeyThatItIsGiven()
    {
        PageStage scenario = Written(Catalogue.Find("anon-vma-chain")!);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 3, 1);
        RmapWalk own = WalkOf(scenario, scenario.Parent, 3);
        RmapWalk childs = WalkOf(scenario, child, 3);
        Assert.NotEqual(own.Key, childs.Key);

        RmapWalk walk = own with { Key = childs.Key };
        Assert.Equal(
            [new WalkCandidate(child, PageStage.At(3), childs.First)], Candidates<AnonVmaChainPages>(scenario, walk));
        Assert.Equal(2, Candidates<AnonVmaChainPages>(scenario, own).Count);
    }

    /// <summary>A VMA that has only some of the pages is offered with those.</summary>
    [Fact]
    public void ACandidateHasNoPageOfAnotherVma()
    {
        PageStage scenario = Written(Catalogue.Find("anon-vma-chain")!);
        scenario.Unmap(scenario.Parent, 2, 1);
        RmapWalk walk = WalkOf(scenario, scenario.Parent, 1) with { Pages = 4 };
        Assert.Equal(
            [
                new WalkCandidate(scenario.Parent, PageStage.At(1), walk.First),
                new WalkCandidate(scenario.Parent, PageStage.At(3), walk.First + 2, 2),
            ],
            Candidates<AnonVmaChainPages>(scenario, walk).OrderBy(place => place.Address));
    }

    private static PageStage Written(Catalogue.Entry design)
    {
        PageStage scenario = new PageStage(design, new MachineOptions { Contents = PageContents.Bytes }).WithMemory(Pages);
        for (int page = 0; page < Pages; page++)
        {
            scenario.Write(scenario.Parent, page, 1);
        }

        return scenario;
    }

    private static RmapWalk WalkOf(PageStage scenario, MmId mm, int page)
    {
        Pfn frame = scenario.Look(mm, page).Frame;
        return new RmapWalk(frame, scenario.Machine.World.Frames[frame], WalkPurpose.Verify);
    }

    private static void CheckByFrames<TPages>(string design)
        where TPages : struct, IPageHooks<TPages>
    {
        PageStage scenario = Written(Catalogue.Find(design)!);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 2, 1);
        RmapWalk first = WalkOf(scenario, scenario.Parent, 0);
        List<WalkCandidate> together = Candidates<TPages>(scenario, first with { Pages = 4 });
        Assert.Equal(7, together.Count);
        for (int page = 0; page < 4; page++)
        {
            Pfn frame = scenario.Look(scenario.Parent, page).Frame;
            RmapWalk alone = first with { Frame = frame, First = first.First + (ulong)page };
            Assert.Equal(
                Candidates<TPages>(scenario, alone).OrderBy(place => place.Mm.Value),
                together.Where(place => place.Index == alone.First).OrderBy(place => place.Mm.Value));
        }
    }

    private static List<WalkCandidate> Candidates<TPages>(PageStage scenario, in RmapWalk walk)
        where TPages : struct, IPageHooks<TPages>
    {
        Collector collector = new([]);
        ((Machine<TPages>)scenario.Machine).Hooks.Walk(walk, ref collector);
        return collector.Places;
    }

    private readonly record struct Collector(List<WalkCandidate> Places) : IWalkVisitor
    {
        public WalkStep Visit(in WalkCandidate candidate)
        {
            Places.Add(candidate);
            return WalkStep.Continue;
        }

        public void Dismiss(int count)
        {
        }
    }
}
