using System.Globalization;
using System.Text;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What is particular to cow-context: a tree of mms, look-ups by address, a table of remaps.</summary>
public sealed class CowContextTests
{
    private const string Design = "cow-context";
    private const string Faulted = "map A 2 2 rw; write A 2 1; write A 3 2";

    /// <summary>A walk goes down from the mm that the folio names: not to parents, not to siblings.</summary>
    [Fact]
    public void AWalkGoesDownOnly()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; write B 2 9; fork B C; fork B D; fork A E");
        Assert.Equal(5, stage.Live("cow_context"));
        Assert.Equal((3, 3), stage.Walk('C', 2));
        Assert.Equal((5, 2), stage.Walk('E', 2));
        Assert.Equal((5, 5), stage.Walk('A', 3));
    }

    /// <summary>An exclusive folio is in the mm that it names; whoever reuses a folio alone gives it its own name.</summary>
    [Fact]
    public void AnExclusiveFolioIsSoughtInOneMm()
    {
        Stage stage = Stage.After(Design, Faulted + "; fork A B; fork A C; write A 2 5; write B 2 6");
        Assert.Equal((1, 1), stage.Walk('A', 2));
        Assert.Equal((3, 1), stage.Walk('C', 2));
        stage.Do("write C 2 7");
        Assert.Equal((1, 1), stage.Walk('C', 2));
    }

    /// <summary>A VMA has nothing in this design, until it is remapped; one record a range, however many pages.</summary>
    [Fact]
    public void RemapsAreRecordedByRange()
    {
        Stage stage = Stage.After(Design, "map A 2 6 rw; write A 2 1; write A 7 1; protect A 4 1 r-");
        Assert.Equal(0, stage.Live("cow_remap"));
        stage.Do("protect A 4 1 rw; remap A 2 6 6 maymove fixed 10; fork A B");
        Assert.Equal(2, stage.Live("cow_remap"));
        Assert.Equal((4, 2), stage.Walk('A', 10));
        stage.Do("unmap A 12 2");
        Assert.Equal(3, stage.Live("cow_remap"));
        Assert.Equal(0, Figure(stage, "remaps left behind by unmapping"));
        stage.Do("remap A 10 2 2 maymove fixed 2; remap A 14 2 2 maymove fixed 6; exit B");
        Assert.Equal(0, stage.Live("cow_remap"));
    }

    /// <summary>Page offset 2 of one mm is at many places: an array of offsets, larger than the first.</summary>
    [Fact]
    public void ManyOffsetsOfOnePageOffsetAreAllTried()
    {
        StringBuilder steps = new("map A 60 1 rw");
        for (int place = 39; place >= 20; place--)
        {
            steps.Append(CultureInfo.InvariantCulture, $"; map A 2 1 rw; write A 2 {place}; remap A 2 1 1 maymove fixed {place}");
        }

        Stage stage = Stage.After(Design, steps + "; fork A B");
        Assert.Equal(2, stage.Live("cow_remap"));
        Assert.Equal(4, stage.Live("cow_offsets"));
        Assert.Equal((2 * 21, 2), stage.Walk('A', 30));
        for (int place = 20; place < 40; place++)
        {
            stage.Do($"unmap A {place} 1; unmap B {place} 1");
        }

        Assert.Equal(0, stage.Live("cow_remap"));
        Assert.Equal(0, stage.Live("cow_offsets"));
    }

    /// <summary>A private file mapping is remapped by nature, from the first page that is copied in it.</summary>
    [Fact]
    public void APrivateFileMappingIsRemapped()
    {
        Stage stage = Stage.After(Design, "file A 10 3 rw f 0; read A 10");
        Assert.Equal(0, stage.Live("cow_remap"));
        stage.Do("write A 11 5; fork A B");
        Assert.Equal(2, stage.Live("cow_remap"));
        Assert.Equal((4, 2), stage.Walk('B', 11));
    }

    /// <summary>
    /// Ten thousand generations, each of which exits when it has forked: their contexts stay, since each pins the one
    /// above. A walk passes all of them, and when the last goes all go, without a deep stack.
    /// </summary>
    [Fact]
    public void TenThousandGenerationsAreNoDeepStack()
    {
        const int Generations = 10_000;
        Stage stage = Stage.After(Design, Faulted);
        Machine machine = stage.Machine;
        MmId mm = stage.Mm('A');
        ulong address = stage.Vmas('A')[0].Start;
        for (int generation = 0; generation < Generations; generation++)
        {
            Assert.Equal(Errno.None, machine.Fork(mm, out MmId child).Errno);
            machine.ReleaseMm(mm);
            mm = child;
        }

        Assert.Equal(Generations, Figure(stage, "contexts without an mm"));
        long before = Figure(stage, "contexts passed by walks");
        Assert.Equal(new WalkResult(1, 1, 1), machine.Walk(mm, address));
        Assert.Equal(Generations + 1, Figure(stage, "contexts passed by walks") - before);
        Assert.Equal(Errno.None, machine.SwapOut(mm, address));
        Assert.Equal(FaultOutcome.Done, machine.Fault(mm, address, FaultAccess.Read));
        Assert.Equal(new WalkResult(1, 1, 1), machine.Walk(mm, address));
        machine.ReleaseMm(mm);
        Assert.Equal(0, stage.Live("cow_context"));
    }

    /// <summary>Page offsets decide, as in mm-address-space.</summary>
    [Fact]
    public void MergingIsByOffset()
    {
        const string Apart = "map A 2 1 rw; write A 2 1; map A 5 1 rw; write A 5 1";
        Assert.Equal(1, Stage.After(Design, Apart + "; map A 3 2 rw").VmaCount('A'));
        Assert.Equal(2, Stage.After(Design, Apart + "; remap A 5 1 1 maymove fixed 3").VmaCount('A'));
    }

    private static long Figure(Stage stage, string name) =>
        stage.Machine.Figures.Single(figure => figure.Name == name).Value;
}
