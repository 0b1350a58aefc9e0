namespace Verso.Engine.Tests.Conformance;

/// <summary>What is particular to mm-address-space: one object a family, offsets that survive mremap.</summary>
public sealed class MmAddressSpaceTests
{
    private const string Design = "mm-address-space";
    private const string Fresh = "mm-address-space:offsets=fresh";
    private const string Faulted = "map A 2 2 rw; write A 2 1; write A 3 2";

    /// <summary>exec begins a space, fork shares it, and the last of the family takes it along.</summary>
    [Fact]
    public void AFamilyHasOneSpace()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; fork B C");
        Assert.Equal(1, stage.Live("address_space"));
        stage.Do("exec B; map B 2 1 rw; write B 2 5");
        Assert.Equal(2, stage.Live("address_space"));
        Assert.Equal((1, 1), stage.Walk('B', 2));
        stage.Do("exit A");
        Assert.Equal((1, 1), stage.Walk('C', 2));
        stage.Do("exit C; exit B");
        Assert.Equal(0, stage.Live("address_space"));
    }

    /// <summary>
    /// A child's move changes where its VMA is, not at which offset: the walk finds it without more visits.
    /// </summary>
    [Fact]
    public void AMoveIsFree()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; remap B 2 2 2 maymove fixed 10; remap A 2 1 1 maymove fixed 20");
        Assert.Equal((2, 2), stage.Walk('A', 20));
        Assert.Equal((2, 2), stage.Walk('B', 11));
    }

    /// <summary>
    /// What is mapped where something moved away has the same offsets: visits in vain, nothing worse.
    /// </summary>
    [Theory]
    [InlineData(Design, 2)]
    [InlineData(Fresh, 1)]
    public void CollisionsOfOffsetsCostVisits(string design, int visited)
    {
        Stage stage = Stage.After(
            design, "map A 2 1 rw; write A 2 1; remap A 2 1 1 maymove fixed 10; map A 2 1 rw; write A 2 2");
        Assert.Equal((visited, 1), stage.Walk('A', 2));
        Assert.Equal((visited, 1), stage.Walk('A', 10));
    }

    /// <summary>A page that one of many children wrote is sought in all of them, as in anonmm.</summary>
    [Fact]
    public void AWalkVisitsTheWholeFamily()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; fork A C; fork C D; write D 2 9; unmap B 2 1");
        Assert.Equal((3, 1), stage.Walk('D', 2));
        Assert.Equal((4, 4), stage.Walk('A', 3));
    }

    /// <summary>
    /// Offsets by address let neighbours merge, until one of them was moved; those never used, never.
    /// </summary>
    [Theory]
    [InlineData(Design, "map A 2 1 rw; map A 3 1 rw; write A 2 1", 1)]
    [InlineData(Fresh, "map A 2 1 rw; map A 3 1 rw; write A 2 1", 2)]
    [InlineData(Fresh, "map A 3 1 rw; map A 2 1 rw", 2)]
    [InlineData("anonmm", "map A 2 1 rw; map A 3 1 rw; write A 2 1", 1)]
    [InlineData(Design, "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1; map A 3 2 rw", 1)]
    [InlineData("anon-vma-chain", "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1; map A 3 2 rw", 2)]
    [InlineData(Design, "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1; remap A 5 1 1 maymove fixed 3", 2)]
    [InlineData("anonmm", "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1; remap A 5 1 1 maymove fixed 3", 1)]
    public void MergingIsByOffset(string design, string steps, int vmas) =>
        Assert.Equal(vmas, Stage.After(design, steps).VmaCount('A'));

    /// <summary>A heap that grows three times: one VMA, or three with offsets that nobody has had.</summary>
    [Theory]
    [InlineData(Design, 1)]
    [InlineData(Fresh, 3)]
    public void FreshOffsetsKeepEvenAHeapApart(string design, int vmas)
    {
        const long Heap = Window.HeapPage;
        Stage stage = Stage.After(design, $"brk A {Heap + 1}; brk A {Heap + 2}; brk A {Heap + 3}");
        Assert.Equal(vmas, stage.VmaCount('A'));
        Assert.Equal(vmas, stage.Machine.Figures.Single(figure => figure.Name == "VMAs in an index").Value);
    }
}
