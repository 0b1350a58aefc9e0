using Verso.Engine.Tests.Pages;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Rules of Linux that are easy to get wrong, each seen on a live 6.18.44, as counts of VMAs. The designs without a
/// reverse map in VMAs merge always and differ where the anon_vma is the reason.
/// </summary>
public sealed class TrapTests
{
    /// <summary>
    /// Trap 1: fork gives each VMA an anon_vma of its own, so split siblings never merge again in the child.
    /// </summary>
    [Theory]
    [InlineData("anon-vma-chain", 2)]
    [InlineData("page-table-scan", 1)]
    [InlineData("pte-chain", 1)]
    public void SplitSiblingsMergeAgainInTheParentOnly(string design, int inChild)
    {
        Stage stage = Stage.After(design, "map A 2 2 rw; write A 2 1; write A 3 1; protect A 3 1 r-; fork A B");
        stage.Do("protect A 3 1 rw; protect B 3 1 rw");
        Assert.Equal(1, stage.VmaCount('A'));
        Assert.Equal(inChild, stage.VmaCount('B'));
    }

    /// <summary>Trap 1: the heap of a fork child grows by a second VMA (do_brk_flags).</summary>
    [Theory]
    [InlineData("anon-vma-chain", 2)]
    [InlineData("page-table-scan", 1)]
    [InlineData("pte-chain", 1)]
    public void TheHeapOfAForkChildIsASecondVma(string design, int inChild)
    {
        Stage stage = Stage.After(design, "brk A 20; write A 18 1; fork A B; brk A 21; brk B 21");
        Assert.Equal(1, stage.VmaCount('A'));
        Assert.Equal(inChild, stage.VmaCount('B'));
    }

    /// <summary>
    /// Trap 3: what was written stays accounted when it becomes read-only, so it differs from a fresh neighbour.
    /// </summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void WrittenMemoryStaysAccounted(string design)
    {
        Stage written = Stage.After(design, "map A 2 1 rw; write A 2 1; protect A 2 1 r-; map A 3 1 r-");
        Assert.Equal(2, written.VmaCount('A'));
        Stage untouched = Stage.After(design, "map A 2 1 rw; protect A 2 1 r-; map A 3 1 r-");
        Stage alike = Stage.After(design, "map A 2 1 r-; map A 3 1 r-");
        Assert.Equal(alike.VmaCount('A'), untouched.VmaCount('A'));
    }

    /// <summary>
    /// Trap 4: where a huge zero page could go, a read prepares an anon_vma; elsewhere only a write does.
    /// </summary>
    [Theory]
    [InlineData(1024, 0, true, 1)]
    [InlineData(1024, 0, false, 0)]
    [InlineData(1024, 511, true, 1)]
    [InlineData(511, 0, true, 0)]
    public void AReadPreparesWhereAHugeZeroPageCouldGo(int pages, int page, bool isAdvised, int expected)
    {
        PageStage stage = new PageStage("anon-vma-chain").WithMemory(pages);
        if (isAdvised)
        {
            stage.Advise(stage.Parent, 0, pages, Advice.HugePage);
        }

        Assert.Equal(0, stage.Read(stage.Parent, page));
        Assert.Equal(expected, stage.Live("anon_vma"));
    }

    /// <summary>Trap 5: the child of a fork has nothing locked, whatever the parent has.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void TheChildLosesItsLocks(string design)
    {
        Stage stage = Stage.After(design, "map A 2 2 rw; lock A 2 2; fork A B; write A 2 1; write B 2 2");
        Assert.Equal(VmaFlags.Locked, Assert.Single(stage.Vmas('A')).Flags & VmaFlags.LockedMask);
        Assert.Equal((VmaFlags)0, Assert.Single(stage.Vmas('B')).Flags & VmaFlags.LockedMask);
        Assert.Equal((1, 2), (stage.Read('A', 2), stage.Read('B', 2)));
    }

    /// <summary>
    /// Trap 10, and "mergeable now, never retried": in a child two VMAs lose the lock that told them apart. mprotect to
    /// what they are returns before it merges; any real change merges them.
    /// </summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void ProtectingToTheSameDoesNotMerge(string design)
    {
        Stage stage = Stage.After(design, "map A 2 4 rw; lock A 2 2 onfault; fork A B");
        Assert.Equal(2, stage.VmaCount('B'));
        stage.Do("protect B 2 4 rw");
        Assert.Equal(2, stage.VmaCount('B'));
        stage.Do("protect B 2 4 r-; protect B 2 4 rw");
        Assert.Equal(1, stage.VmaCount('B'));
    }

    /// <summary>Trap 11: two opens of one file are two files to a merge; a dup is one.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void MergingComparesTheOpenFile(string design)
    {
        Assert.Equal(1, Stage.After(design, "file A 2 1 r- f 0; file A 3 1 r- f 1").VmaCount('A'));
        Assert.Equal(2, Stage.After(design, "file A 2 1 r- f 0; file A 3 1 r- g 1").VmaCount('A'));
        Assert.Equal(2, Stage.After(design, "file A 2 1 r- f 0; file A 3 1 r- f 2").VmaCount('A'));
    }

    /// <summary>
    /// Two VMAs that were written while their flags differed have two anon_vmas, and never merge again.
    /// </summary>
    [Theory]
    [InlineData("anon-vma-chain", 2)]
    [InlineData("page-table-scan", 1)]
    [InlineData("pte-chain", 1)]
    public void WhatWasWrittenApartStaysApart(string design, int expected)
    {
        Stage stage = Stage.After(design, "map A 2 2 rw; advise A 3 1 dontfork; write A 2 1; write A 3 1");
        stage.Do("advise A 3 1 dofork");
        Assert.Equal(expected, stage.VmaCount('A'));
    }

    /// <summary>Trap 8: MADV_FREE skips what others map too, even where it drops at once.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void FreeingSkipsSharedPages(string design)
    {
        Stage stage = Stage.After(design, "option lazyfree drop; map A 2 2 rw; write A 2 1; write A 3 2; fork A B");
        stage.Do("write B 3 3; advise B 2 2 free");
        Assert.Equal(1, stage.Read('B', 2));
        Assert.Equal(0, stage.Read('B', 3));
        Assert.Equal(2, stage.Read('A', 3));
    }

    /// <summary>The merge table of 6.18.44 for neighbours that were written, or not, or moved.</summary>
    [Theory]
    [InlineData("map A 2 1 rw; map A 3 1 r-; write A 2 1; protect A 3 1 rw", 1)]
    [InlineData("map A 2 1 rw; map A 4 1 rw; write A 2 1; write A 4 1; map A 3 1 rw", 2)]
    [InlineData("map A 2 1 r-; map A 3 1 rw; write A 3 1; protect A 2 1 rw", 1)]
    [InlineData("map A 2 2 rw; write A 3 1; remap A 3 1 1 maymove fixed 9; remap A 9 1 1 maymove fixed 3", 1)]
    [InlineData("map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 1; remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("map A 2 1 rw; write A 2 1; map A 8 1 rw; remap A 8 1 1 maymove fixed 3", 1)]
    [InlineData("map A 2 1 rw; map A 8 1 rw; write A 8 1; remap A 8 1 1 maymove fixed 3", 2)]
    public void NeighboursMergeAsInLinux(string steps, int expected) =>
        Assert.Equal(expected, Stage.After("anon-vma-chain", steps).VmaCount('A'));

    /// <summary>
    /// A moved range that was written joins an unwritten neighbour, but not in a fork child (3b617fd3d317).
    /// </summary>
    [Fact]
    public void AMovedRangeOfAForkChildStaysAlone()
    {
        Stage stage = Stage.After("anon-vma-chain", "map A 3 1 rw; write A 3 1; fork A B");
        stage.Do("remap B 3 1 1 maymove fixed 9; map B 2 1 rw; remap B 9 1 1 maymove fixed 3");
        Assert.Equal(2, stage.VmaCount('B'));
        stage.Do("remap A 3 1 1 maymove fixed 9; map A 2 1 rw; remap A 9 1 1 maymove fixed 3");
        Assert.Equal(1, stage.VmaCount('A'));
    }

    /// <summary>
    /// What LTP's vma01 asks: a range that is mapped anew beside, between or below what fork made stays apart, or, as before
    /// 965f55dea0e3, is one with it; so is a copy that mremap moves, and a VMA made alike.
    /// </summary>
    [Theory]
    [InlineData("map B 4 3 rw", 2, 1)]
    [InlineData("unmap B 2 1; map B 2 1 rw; write B 2 1", 3, 1)]
    [InlineData("map B 4 1 r-; protect B 4 1 rw", 2, 1)]
    [InlineData("remap B 3 1 1 maymove fixed 9; unmap B 1 2; map B 2 1 rw; remap B 9 1 1 maymove fixed 3", 2, 1)]
    public void AForkChildMergesByOptionOnly(string steps, int apart, int merged)
    {
        const string Before = "map A 1 3 rw; write A 1 3; fork A B; ";
        Assert.Equal(apart, Stage.After("anon-vma-chain", Before + steps).VmaCount('B'));
        Assert.Equal(merged, Stage.After("anon-vma-chain:fork-children=merge", Before + steps).VmaCount('B'));
    }

    /// <summary>In designs that keep nothing in VMAs all of these are one.</summary>
    [Theory]
    [InlineData("page-table-scan")]
    [InlineData("pte-chain")]
    public void WithoutAnonVmasNeighboursAlwaysMerge(string design)
    {
        const string Foreign = "map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 1; remap A 8 1 1 maymove fixed 3";
        Assert.Equal(1, Stage.After(design, Foreign).VmaCount('A'));
        const string Hole = "map A 2 1 rw; map A 4 1 rw; write A 2 1; write A 4 1; map A 3 1 rw";
        Assert.Equal(1, Stage.After(design, Hole).VmaCount('A'));
    }
}
