namespace Verso.Engine.Tests.Conformance;

/// <summary>What is particular to anonmm: one object an mm, one list a family, and what mremap costs.</summary>
public sealed class AnonmmTests
{
    private const string Design = "anonmm";
    private const string CopyEarly = "anonmm:mremap=copy-early";
    private const string Range = "anonmm:mremap=range";
    private const string Faulted = "map A 2 2 rw; write A 2 1; write A 3 2";
    private const string MovedInChild = Faulted + "; fork A B; remap B 2 2 2 maymove fixed 10";

    /// <summary>However many VMAs, splits and forks: one object an mm.</summary>
    [Fact]
    public void AnMmHasOneObject()
    {
        Stage stage = Stage.After(Design, Faulted + "; map A 8 3 rw; write A 9 1; protect A 9 1 r-; fork A B; fork B C");
        Assert.Equal(3, stage.Live("anonmm"));
        Assert.Equal(12, stage.Live("vm_area_struct"));
    }

    /// <summary>
    /// The mm that the page names is tried first, so a walk that may stop is done at once; one that may not tries all.
    /// </summary>
    [Fact]
    public void AWalkTriesEveryMmSinceExec()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; fork B C; fork A D; write C 2 9; exec D");
        Assert.Equal((3, 2), stage.Walk('A', 2));
        Assert.Equal((3, 3), stage.Walk('A', 3));
        WalkResult own = stage.Machine.Walk(stage.Mm('C'), stage.Vmas('C')[0].Start);
        Assert.Equal(new WalkResult(3, 1, 1), own);
        stage.Do("map D 2 1 rw; write D 2 1");
        Assert.Equal((1, 1), stage.Walk('D', 2));
    }

    /// <summary>An anonmm outlives its mm while pages name it; the head while it is not alone.</summary>
    [Fact]
    public void PagesKeepTheAnonmmOfAnMmThatIsGone()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; fork B C; exit B");
        Assert.Equal(2, stage.Live("anonmm"));
        stage.Do("exit A");
        Assert.Equal(2, stage.Live("anonmm"));
        Assert.Equal((1, 1), stage.Walk('C', 2));

        // Its last writes make the pages its own; the head stays all the same.
        stage.Do("write C 2 3; write C 3 4");
        Assert.Equal(2, stage.Live("anonmm"));
        stage.Do("exit C");
        Assert.Equal(0, stage.Live("anonmm"));
    }

    /// <summary>
    /// Reclaim asks who maps a page, and the page comes to name a living mm: the object of the dead one goes with its last
    /// page, that of the head when it is alone. Measuring and verifying change nothing.
    /// </summary>
    [Theory]
    [InlineData(Design, 1)]
    [InlineData(CopyEarly, 1)]
    [InlineData(Range, 1)]
    [InlineData(Design + ":rehome=never", 2)]
    public void ReclaimGivesPagesOfADeadMmToALivingOne(string design, int left)
    {
        Stage stage = Stage.After(design, Faulted + "; fork A B; fork B C; write B 2 5; fork B D; exit B");
        ulong first = stage.Vmas('D')[0].Start;
        foreach (WalkPurpose purpose in (WalkPurpose[])[WalkPurpose.Probe, WalkPurpose.Verify, WalkPurpose.Reclaim])
        {
            Assert.Equal(4, stage.Live("anonmm"));
            Assert.Equal(new WalkResult(3, 1, 1), stage.Machine.Walk(stage.Mm('D'), first, purpose) with { VisitedUntilDone = 1 });
        }

        Assert.Equal(left + 2, stage.Live("anonmm"));
        stage.Do("exit A");
        Assert.Equal(new WalkResult(2, 1, 1), stage.Machine.Walk(stage.Mm('D'), first) with { VisitedUntilDone = 1 });
        Assert.Equal(left == 1 ? 1 : 0, Figure(stage, "pages re-homed"));
        stage.Do("exit C; write D 3 1; exit D");
        Assert.Equal(0, stage.Live("anonmm"));
    }

    /// <summary>Nothing leads to a VMA, so neighbours merge that Linux keeps apart.</summary>
    [Theory]
    [InlineData(Design, 1)]
    [InlineData(CopyEarly, 1)]
    [InlineData(Range, 1)]
    [InlineData("anon-vma-chain", 2)]
    public void WhatWasMovedNextToAnotherMerges(string design, int vmas)
    {
        Stage stage = Stage.After(
            design, "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1; remap A 5 1 1 maymove fixed 3");
        Assert.Equal(vmas, stage.VmaCount('A'));
    }

    /// <summary>A chain a page that is shared, from the move until the page is freed, also when it moves back.</summary>
    [Fact]
    public void AMovedPageHasAPteChainFromThenOn()
    {
        Stage stage = Stage.After(Design, MovedInChild);
        Assert.Equal(2, stage.Live("pte_chain"));
        Assert.Equal((2, 2), stage.Walk('A', 2));
        stage.Do("remap B 10 2 2 maymove fixed 2; fork A C; fork C D");
        Assert.Equal(2, stage.Live("pte_chain"));
        Assert.Equal((4, 4), stage.Walk('D', 3));
        stage.Do("exit A; exit B; exit C");
        Assert.Equal(0, stage.Live("pte_chain"));
        Assert.Equal(2, Figure(stage, "pages with a pte_chain"));
        stage.Do("advise D 2 2 dontneed");
        Assert.Equal(0, Figure(stage, "pages with a pte_chain"));
    }

    /// <summary>Only what others map too is copied; what a moved page has then is its own.</summary>
    [Fact]
    public void ASharedPageIsCopiedBeforeItMoves()
    {
        Stage stage = Stage.After(CopyEarly, Faulted + "; fork A B; write B 2 7; remap B 2 2 2 maymove fixed 10");
        Assert.Equal(1, Figure(stage, "pages copied early by mremap"));
        Assert.Equal(2, Figure(stage, "pages given a new address by mremap"));
        Assert.Equal(4, stage.Live("page"));
        Assert.Equal((2, 1), stage.Walk('A', 3));
        Assert.Equal((2, 1), stage.Walk('B', 11));
        Assert.Equal(7, stage.Read('B', 10));
        Assert.Equal(2, stage.Read('B', 11));
    }

    /// <summary>One record a move, not a page; neighbours that moved as far are one; gone when it moves home.</summary>
    [Fact]
    public void ATableOfMovedRangesGrowsWithMovesNotWithPages()
    {
        Stage stage = Stage.After(Range, MovedInChild);
        Assert.Equal(1, stage.Live("moved_range"));
        Assert.Equal((3, 2), stage.Walk('A', 2));
        stage.Do("fork B C; remap B 10 1 1 maymove fixed 20");
        Assert.Equal(3, stage.Live("moved_range"));
        Assert.Equal((5, 3), stage.Walk('A', 2));
        stage.Do("remap B 20 1 1 maymove fixed 10");
        Assert.Equal(2, stage.Live("moved_range"));
        stage.Do("remap B 10 2 2 maymove fixed 2; remap C 10 2 2 maymove fixed 2");
        Assert.Equal(0, stage.Live("moved_range"));
        Assert.Equal((3, 3), stage.Walk('A', 2));
    }

    /// <summary>What is mapped in a hole of a moved range is known by its displaced number; nobody is the wiser.</summary>
    [Fact]
    public void AHoleInAMovedRangeIsLeftToIt()
    {
        Stage stage = Stage.After(
            Range, "map A 2 3 rw; write A 2 1; write A 3 1; write A 4 1; remap A 2 3 3 maymove fixed 10; unmap A 11 1");
        Assert.Equal(1, stage.Live("moved_range"));
        stage.Do("map A 11 1 rw; write A 11 5; map A 3 1 rw; write A 3 6; fork A B; remap A 3 1 1 maymove fixed 11");
        Assert.Equal(6, stage.Read('A', 11));
        Assert.Equal(5, stage.Read('B', 11));
    }

    private static long Figure(Stage stage, string name) =>
        stage.Machine.Figures.Single(figure => figure.Name == name).Value;
}
