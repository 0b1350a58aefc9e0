using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Conformance;

namespace Verso.Engine.Tests.Policies;

/// <summary>MREMAP_RELOCATE_ANON: what it lets merge, when it leaves a move alone, and that it can be undone.</summary>
public sealed class RelocateAnonTests
{
    private const string Foreign = "map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 2; remap A 8 1 1 maymove fixed 3";

    [Theory]
    [InlineData(Foreign, 2, 1)]
    [InlineData("map A 2 2 rw; write A 2 1; write A 3 2; remap A 2 2 2 maymove fixed 10; map A 12 1 rw", 2, 1)]
    [InlineData("map A 2 1 rw; write A 2 1; map A 8 2 rw; write A 8 2; remap A 8 2 2 maymove fixed 3; protect A 4 1 r-; protect A 4 1 rw", 2, 1)]
    public void WhatMovedMergesAsIfMadeThere(string steps, int linux, int relocated)
    {
        Assert.Equal(linux, Stage.After("anon-vma-chain", steps).VmaCount('A'));
        Assert.Equal(relocated, Stage.After("relocate-anon", steps).VmaCount('A'));
    }

    /// <summary>
    /// Moved away while it was shared, and back when it is not: it merges as ever, and nothing is re-homed.
    /// </summary>
    [Fact]
    public void AnOrdinaryMergeComesFirst()
    {
        Stage stage = Stage.After(
            "relocate-anon",
            "map A 2 2 rw; write A 2 1; write A 3 2; fork A B; remap A 3 1 1 maymove fixed 9; exit B; "
            + "remap A 9 1 1 maymove fixed 3");
        Assert.Equal(1, stage.VmaCount('A'));
        Assert.Equal(0, Figure(stage, "folios re-homed"));
        Assert.Equal(1, Figure(stage, "moves that merged as they were"));
        Assert.Equal(1, Figure(stage, "moves not relocated, pages may be shared"));
    }

    /// <summary>
    /// In a fork child, and in a parent whose child lives, pages may be shared: by anon_vma, page or no page.
    /// </summary>
    [Theory]
    [InlineData('A')]
    [InlineData('B')]
    public void RelativesStopIt(char mm)
    {
        Stage stage = Stage.After("relocate-anon", "map A 2 1 rw; write A 2 1; fork A B; write A 2 2; write B 2 3");
        stage.Do($"remap {mm} 2 1 1 maymove fixed 9; map {mm} 10 1 rw");
        Assert.Equal(2, stage.VmaCount(mm));
        Assert.Equal(0, Figure(stage, "moves relocated"));
    }

    /// <summary>The moved range has an anon_vma of its own, of which the rest of its VMA knows nothing.</summary>
    [Fact]
    public void AMovedPartGetsAnAnonVmaOfItsPlace()
    {
        Stage stage = Stage.After("relocate-anon", "map A 2 2 rw; write A 2 1; write A 3 2; remap A 3 1 1 maymove fixed 9");
        Assert.Equal(2, stage.Live("anon_vma"));
        Assert.Equal((1, 1), stage.Walk('A', 9));
        Assert.Equal(9UL << Page.Shift, (stage.Vmas('A')[1].Pgoff << Page.Shift) - stage.Vmas('A')[0].Start + (2UL << Page.Shift));
    }

    /// <summary>Each allocation of a move is made to fail: what was re-homed has its old home again.</summary>
    [Theory]
    [InlineData("remap A 2 4 4 maymove fixed 520")]
    [InlineData("remap A 2 4 4 maymove fixed 9")]
    public void AMoveThatFailsIsUndone(string move)
    {
        Catalogue.Entry design = DesignCases.Named("relocate-anon");
        Op[] prefix = [.. Scenario.Parse("map A 2 6 rw\nwrite A 2 1\nwrite A 3 2\nwrite A 5 3\nmap A 13 2 rw\nwrite A 13 4").Ops];
        Op op = OpText.Parse(move);
        for (int nth = 1; nth <= 12; nth++)
        {
            DesignCases.AssertRuns(design, new Scenario(
                [.. prefix, new Op(OpKind.Fail, '-') { Start = nth }, op, OpText.Parse("fork A B"), OpText.Parse("write A 3 9")]));
        }
    }

    /// <summary>
    /// With mode=asked, what a program asked for in the call before, of the same range and by the same process; the call with the
    /// flag is refused, as by every kernel.
    /// </summary>
    [Theory]
    [InlineData("remap A 8 1 1 maymove fixed 3 relocate; remap A 8 1 1 maymove fixed 3", 1)]
    [InlineData("remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("remap A 8 1 1 maymove fixed 3 unknown; remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("remap A 9 1 1 maymove fixed 3 relocate; remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("remap A 8 1 1 maymove fixed 3 relocate; remap A 8 1 1 maymove; remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("fork A B; exec B; map B 8 1 rw; remap B 8 1 1 maymove fixed 3 relocate; remap A 8 1 1 maymove fixed 3", 2)]
    public void AProgramAsksForIt(string moves, int vmas)
    {
        Scenario scenario = Scenario.Parse(
            ("map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 2; " + moves).Replace(';', '\n'));
        EngineStage driver = new(Catalogue.Find("relocate-anon")!.With("mode", "asked"), scenario);
        Outcome[] seen = [.. scenario.Ops.Select(driver.Do)];
        Assert.All(
            scenario.Ops.Zip(seen), step => Assert.Equal(step.First.Has(OpWords.Relocate | OpWords.Unknown), step.Second.Errno == Errno.EINVAL));
        Assert.Equal(vmas, driver.Machine.Capture(driver.Mms['A']).Vmas.Count);
        Assert.Null(driver.Machine.VerifyWalks());
    }

    /// <summary>MREMAP_MUST_RELOCATE_ANON: refused, and everything is where it was.</summary>
    [Fact]
    public void WhereItMustItMayRefuse()
    {
        Catalogue.Entry must = Catalogue.Find("relocate-anon")!.With("mode", "must");
        Scenario scenario = Scenario.Parse("map A 2 2 rw\nwrite A 2 1\nwrite A 3 2\nfork A B\nremap A 2 2 2 maymove fixed 9");
        EngineStage driver = new(must, scenario);
        Outcome[] seen = [.. scenario.Ops.Select(driver.Do)];
        Assert.Equal(Errno.EFAULT, seen[^1].Errno);
        Assert.Null(driver.Machine.Audit());
        Assert.Null(driver.Machine.VerifyWalks());
        Assert.Equal(2, driver.Do(new Op(OpKind.Read, 'A') { Start = 3 }).Byte);
        Assert.Equal(FaultOutcome.MapError, driver.Do(new Op(OpKind.Read, 'A') { Start = 9 }).Fault);
    }

    private static long Figure(Stage stage, string name) =>
        stage.Machine.Figures.Single(figure => figure.Name == name).Value;
}
