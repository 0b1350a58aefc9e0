using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Conformance;
using Scenario = Verso.Engine.Tests.Pages.PageStage;

namespace Verso.Engine.Tests.ReverseMaps;

/// <summary>What the tree of April 2000 holds, visits and costs; and what each of its switches is worth.</summary>
public sealed class AddressSpaceTreeTests
{
    private const string Design = "address-space-tree";

    /// <summary>
    /// Both sides of a fork rewrite N - 1 of N pages: the common parent keeps N pages of which one is seen, where
    /// copying leaves 2N at the most. The last write on one side cuts, and the other side takes the parent over.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(500)]
    public void RewritingAllButOnePageOnBothSidesHoldsThreeTimesThePages(int pages)
    {
        (Scenario scenario, _) = AfterRewriting(Design, pages);
        Assert.Equal((3 * pages) - 2, scenario.Live("page"));
        Assert.Equal(pages - 1, Figure(scenario.Machine, DesignFigure.StaleFrames));
        (Scenario copying, _) = AfterRewriting("page-table-scan", pages);
        Assert.Equal((2 * pages) - 1, copying.Live("page"));

        scenario.Write(scenario.Parent, pages - 1, 1);
        Assert.Equal(2 * pages, scenario.Live("page"));
        Assert.Equal(0, Figure(scenario.Machine, DesignFigure.StaleFrames));
        Assert.Equal(1, Figure(scenario.Machine, "spaces cut"));
        Assert.Equal(1, Figure(scenario.Machine, "spaces merged"));
        scenario.Check();
    }

    /// <summary>Frames after both sides have rewritten everything.</summary>
    [Theory]
    [InlineData(Design, 2)]
    [InlineData(Design + ":cut=off", 3)]
    [InlineData(Design + ":merge=off", 2)]
    public void CuttingReleasesAParentThatNobodySees(string design, int times)
    {
        (Scenario scenario, MmId child) = AfterRewriting(design, 20);
        scenario.Write(scenario.Parent, 19, 1);
        scenario.Write(child, 19, 2);
        Assert.Equal(times * 20, scenario.Live("page"));
        scenario.Check();
        scenario.EndAll(child, scenario.Parent);
    }

    /// <summary>A shell: it forks, the child exits, it writes on.</summary>
    [Theory]
    [InlineData(Design, 1, 0)]
    [InlineData(Design + ":merge=off", 301, 300)]
    public void MergingKeepsAShellsTreeFlat(string design, int depth, int stale)
    {
        Scenario scenario = Make(design).WithMemory(2);
        scenario.Write(scenario.Parent, 0, 1);
        scenario.Write(scenario.Parent, 1, 1);
        for (int child = 0; child < 300; child++)
        {
            scenario.Machine.ReleaseMm(scenario.Fork(scenario.Parent));
            scenario.Write(scenario.Parent, 0, 2);
        }

        Assert.Equal(1, scenario.Read(scenario.Parent, 1));
        Assert.Equal(depth, Figure(scenario.Machine, "greatest depth"));
        Assert.Equal(stale, Figure(scenario.Machine, DesignFigure.StaleFrames));
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    /// <summary>Each generation writes a page of its own; the last reads what the first wrote.</summary>
    [Fact]
    public void TheHintSparesSearchesOfSpacesThatCannotHoldThePage()
    {
        long Searches(string design)
        {
            Scenario scenario = Make(design).WithMemory(64);
            MmId last = scenario.Parent;
            for (int page = 0; page < 60; page++)
            {
                scenario.Write(last, page, (byte)page);
                last = scenario.Fork(last);
            }

            long before = Figure(scenario.Machine, "searches of a space");
            Assert.Equal(0, scenario.Read(last, 0));
            return Figure(scenario.Machine, "searches of a space") - before;
        }

        Assert.Equal(1, Searches(Design));
        Assert.Equal(60, Searches(Design + ":hint=off"));
    }

    [Theory]
    [InlineData(Design)]
    [InlineData(Design + ":merge=off")]
    public void TenThousandLivingGenerationsAreNoMoreThanALongChain(string design)
    {
        const int Generations = 10_000;
        Scenario scenario = Make(design).WithMemory(4);
        List<MmId> spaces = [scenario.Parent];
        scenario.Write(scenario.Parent, 0, 1);
        for (int generation = 1; generation <= Generations; generation++)
        {
            // Page tables are dropped: four a process would be most of the memory of this test.
            _ = scenario.Machine.DropTables(spaces[^1], Scenario.At(0), 4 * Page.Size);
            spaces.Add(scenario.Fork(spaces[^1]));
            scenario.Write(spaces[^1], 1, (byte)generation);
        }

        Assert.Equal(Generations + 1, Figure(scenario.Machine, "greatest depth"));
        Assert.InRange(Figure(scenario.Machine, "searches of a space"), 0, 10 * Generations);
        Assert.Equal(1, scenario.Read(spaces[^1], 0));
        Assert.Equal(Generations + 1, Figure(scenario.Machine, "most spaces in one look-up"));

        // The first page may be seen in every generation: its walk descends them all.
        WalkResult walk = scenario.Machine.Walk(spaces[^1], Scenario.At(0));
        Assert.Equal((Generations + 1, 1), (walk.Visited, walk.Useful));
        scenario.Check();

        // From the middle outwards, so that spaces are left without VMAs between others.
        foreach (MmId mm in spaces.OrderBy(mm => Math.Abs(mm.Value - (Generations / 2))))
        {
            scenario.Machine.ReleaseMm(mm);
        }

        scenario.EndAll();
    }

    [Theory]
    [InlineData(Design, 2)]
    [InlineData(Design + ":cut=off", 2)]
    [InlineData(Design + ":merge=off", 10_001)]
    public void TenThousandGenerationsWhoseParentsExit(string design, int depth)
    {
        const int Generations = 10_000;
        Scenario scenario = Make(design).WithMemory(8);
        for (int page = 0; page < 8; page++)
        {
            scenario.Write(scenario.Parent, page, (byte)(page + 1));
        }

        MmId last = scenario.Parent;
        long deepest = 0;
        for (int generation = 1; generation <= Generations; generation++)
        {
            MmId child = scenario.Fork(last);
            scenario.Write(child, 1, (byte)generation);
            deepest = generation % 1000 == 0
                ? Math.Max(deepest, Figure(scenario.Machine, "greatest depth"))
                : deepest;
            scenario.Machine.ReleaseMm(last);
            last = child;
        }

        Assert.Equal(depth, deepest);
        Assert.InRange(Figure(scenario.Machine, "searches of a space"), 0, 40 * Generations);
        Assert.Equal(8, scenario.Read(last, 7));
        scenario.Check();
        scenario.EndAll(last);
    }

    /// <summary>Where the reference looks at every VMA of the family, the tree passes those that have their own.</summary>
    [Fact]
    public void AWalkVisitsThoseThatMayStillSeeThePage()
    {
        const string Steps = "map A 2 2 rw; write A 2 1; write A 3 1; fork A B; fork A C; write B 3 2; read C 3";
        Assert.Equal((2, 2), Stage.After(Design, Steps).Walk('A', 3));
        Assert.Equal((1, 1), Stage.After(Design, Steps).Walk('B', 3));
        Assert.Equal((3, 2), Stage.After("anon-vma-chain", Steps).Walk('A', 3));
    }

    /// <summary>
    /// A discard hides the parent's page: at the end of the range by the limit of the edge, in the middle by a hole.
    /// </summary>
    [Theory]
    [InlineData("advise B 2 1 dontneed", 0)]
    [InlineData("advise B 4 1 dontneed", 1)]
    [InlineData("write B 4 9; advise B 4 1 dontneed", 1)]
    [InlineData("advise B 2 6 dontneed", 0)]
    public void ADiscardHidesTheParent(string discard, int holes)
    {
        Stage stage = Stage.After(Design, "map A 2 6 rw; advise A 2 6 populatewrite; fork A B; write B 5 3; " + discard);
        Assert.Equal(holes, stage.Live("space_hole"));
        Assert.Equal(0, stage.Read('B', discard.StartsWith("advise B 2", StringComparison.Ordinal) ? 2 : 4));
        Assert.Equal(0, stage.Read('A', 4));
    }

    /// <summary>mremap and mprotect make nothing: the page offset is the index wherever the pages are.</summary>
    [Fact]
    public void MovingAndSplittingAllocateNoSpace()
    {
        Stage stage = Stage.After(Design, "map A 2 6 rw; write A 2 1; write A 7 2; protect A 4 1 r-");
        stage.Do("remap A 6 2 2 maymove fixed 20; remap A 20 2 2 maymove fixed 6; protect A 4 1 rw");
        Assert.Equal((1, 1), (stage.Live("address_space"), stage.VmaCount('A')));
    }

    /// <summary>Two halves of a VMA that was forked get two spaces, and never are one VMA again.</summary>
    [Fact]
    public void HalvesWrittenAfterForkGetTwoSpaces()
    {
        Stage stage = Stage.After(Design, "map A 2 2 rw; write A 2 1; write A 3 1; fork A B; protect A 3 1 r-");
        stage.Do("write A 2 2; protect A 3 1 rwx; write A 3 2; protect A 3 1 rw");
        Assert.Equal((3, 2), (stage.Live("address_space"), stage.VmaCount('A')));
    }

    /// <summary>
    /// One part is written after fork, the other is not: they are one VMA again, whichever of them a call changes, and
    /// the child's space sees its parent over both. Halves below and above; both sides of what was written; and a space
    /// that was cut off its parent.
    /// </summary>
    [Theory]
    [InlineData("protect A 4 2 r-; write A 2 9; protect A 4 2 rw", 2)]
    [InlineData("protect A 4 2 r-; write A 2 9; protect A 2 2 r-; protect A 2 4 rw", 2)]
    [InlineData("protect A 4 2 r-; write A 2 9; protect A 4 1 rw", 2)]
    [InlineData("protect A 2 2 r-; write A 5 9; protect A 2 2 rw", 2)]
    [InlineData("protect A 2 1 r-; protect A 4 2 r-; write A 3 9; protect A 2 1 rw; protect A 4 2 rw", 2)]
    [InlineData("protect A 3 2 r-; write A 2 9; protect A 5 1 r-; protect A 3 3 rw", 2)]
    [InlineData("protect A 4 2 r-; write A 2 9; write A 3 9; protect A 4 2 rw", 2)]
    [InlineData("protect A 4 2 r-; write A 2 9; write A 3 9; exit B; protect A 4 2 rw", 1)]
    public void WhatWasWrittenSinceForkJoinsWhatWasNot(string steps, int spaces)
    {
        const string Before = "map A 2 4 rw; advise A 2 4 populatewrite; fork A B; ";
        Stage stage = Stage.After(Design, Before + steps);
        bool isPart = steps.EndsWith("A 4 1 rw", StringComparison.Ordinal);
        Assert.Equal((spaces, isPart ? 2 : 1), (stage.Live("address_space"), stage.VmaCount('A')));
        Assert.True(Stage.After(Design + ":join=same", Before + steps).VmaCount('A') > stage.VmaCount('A'));
    }

    /// <summary>
    /// Not where the limit would show what is hidden, nor where both were written: each has pages in a space of its own.
    /// </summary>
    [Theory]
    [InlineData("protect A 5 3 r-; write A 2 9; advise A 4 1 dontneed; protect A 5 3 rw", 2)]
    [InlineData("protect A 5 3 r-; write A 2 9; protect A 5 3 rwx; write A 5 9; protect A 5 3 rw", 2)]
    [InlineData("advise A 4 1 wipeonfork; fork A C; advise C 4 1 keeponfork; exit B; exit A", 2)]
    public void WhatWouldShowMoreStaysApart(string steps, int vmas)
    {
        Stage stage = Stage.After(Design, "map A 2 6 rw; advise A 2 6 populatewrite; fork A B; " + steps);
        Assert.Equal(vmas, stage.VmaCount(steps.EndsWith("exit A", StringComparison.Ordinal) ? 'C' : 'A'));
    }

    private static (Scenario Scenario, MmId Child) AfterRewriting(string design, int pages)
    {
        Scenario scenario = Make(design).WithMemory(pages);
        MmId child = default;
        foreach (byte round in (byte[])[1, 2, 3])
        {
            MmId writer = round == 3 ? child : scenario.Parent;
            for (int page = 0; page < pages - (round > 1 ? 1 : 0); page++)
            {
                scenario.Write(writer, page, round);
            }

            child = round == 1 ? scenario.Fork(scenario.Parent) : child;
        }

        scenario.Check();
        return (scenario, child);
    }

    private static Scenario Make(string design) => new(DesignCases.Named(design));

    private static long Figure(Machine machine, string name) =>
        machine.Figures.Single(figure => figure.Name == name).Value;
}
