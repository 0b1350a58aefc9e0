using Verso.Engine.Tests.Conformance;
using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.ReverseMaps;

/// <summary>What extents and references come to: the picture of the design's page, and its worst cases.</summary>
/// <remarks>
/// Strategy: where pages are written at random the order is a shuffle of fixed seed, so that the counts are always
/// the same.
/// </remarks>
public sealed class ReflinkTests(ITestOutputHelper output)
{
    private const string Design = "reflink";
    private const int ExtentBytes = 72;
    private const int ReferenceBytes = 96;

    /// <summary>One fork and one copy: two extents, three references, and no walk in vain.</summary>
    [Fact]
    public void ThePictureOfThePage()
    {
        Stage stage = Stage.After(Design, "map A 2 2 rw; write A 2 1; write A 3 1; fork A B; read B 2; write B 3 2");
        Assert.Equal((2, 3), (Extents(stage.Machine), References(stage.Machine)));
        Assert.Equal((2, 2), stage.Walk('A', 2));
        Assert.Equal((1, 1), stage.Walk('A', 3));
        Assert.Equal((1, 1), stage.Walk('B', 3));
    }

    /// <summary>Fresh memory written in any order ends as one extent a page table's worth of pages.</summary>
    [Fact]
    public void RandomFirstWritesEndAsOneExtent()
    {
        const int Pages = 512;
        PageStage stage = Make().WithMemory(Pages);
        long most = 0;
        foreach (int page in Shuffled(Pages))
        {
            stage.Write(stage.Parent, page, 1);
            most = Math.Max(most, Extents(stage.Machine));
        }

        Assert.Equal((1, 1), (Extents(stage.Machine), References(stage.Machine)));
        Assert.InRange(Figure(stage.Machine, "folios given another extent"), 1, 9 * Pages);
        output.WriteLine($"{Pages} pages at random: at most {most} extents on the way, "
            + $"{Figure(stage.Machine, "folios given another extent")} folios given another extent");
        stage.Check();
        stage.EndAll(stage.Parent);
    }

    /// <summary>
    /// The worst case: copies of which no two are neighbours. Each begins an extent and cuts a reference in two.
    /// </summary>
    [Fact]
    public void CopiesOfEverySecondPageOfALargeExtent()
    {
        const int Pages = 511;
        const int Copies = Pages / 2;
        PageStage stage = Written(Pages, out MmId child);
        for (int page = 1; page < Pages; page += 2)
        {
            stage.Write(child, page, 2);
        }

        Assert.Equal(1 + Copies, Extents(stage.Machine));
        Assert.Equal(1 + (Copies + 1) + Copies, References(stage.Machine));
        const double Bytes = ExtentBytes + (2 * ReferenceBytes);
        output.WriteLine($"{Bytes} bytes a copy, {Bytes / Page.Size:P1} of the page");
        Assert.Equal((2, 2), Visits(stage, stage.Parent, 2));
        Assert.Equal((1, 1), Visits(stage, child, 1));

        // When the pages between are copied too, all of it is one extent again.
        for (int page = 0; page < Pages; page += 2)
        {
            stage.Write(child, page, 2);
        }

        Assert.Equal((2, 2), (Extents(stage.Machine), References(stage.Machine)));
        stage.Check();
        stage.EndAll(child, stage.Parent);
    }

    /// <summary>Copies at random over a shared extent: what they cost on the way to all of it.</summary>
    [Fact]
    public void RandomCopiesOfALargeExtent()
    {
        const int Pages = 512;
        PageStage stage = Written(Pages, out MmId child);
        int copied = 0;
        foreach (int page in Shuffled(Pages))
        {
            stage.Write(child, page, 2);
            copied++;
            long bytes = ((Extents(stage.Machine) - 1) * ExtentBytes)
                + ((References(stage.Machine) - 2) * ReferenceBytes);
            Assert.InRange(stage.Live("extent_reference") - (References(stage.Machine) - 2), 0, 4);
            Assert.InRange(bytes, 0, copied * (ExtentBytes + (2 * ReferenceBytes)));
            if (copied % 64 == 0)
            {
                output.WriteLine($"{copied} of {Pages} copied: {Extents(stage.Machine) - 1} extents, "
                    + $"{References(stage.Machine)} references, {bytes / copied} bytes a copy");
            }
        }

        Assert.Equal((2, 2), (Extents(stage.Machine), References(stage.Machine)));
        stage.Check();
        stage.EndAll(child, stage.Parent);
    }

    /// <summary>
    /// What the ledger has of it: no slot before the first fork, one for each page then, and none when one is left again;
    /// the first reference of each VMA is a part of it.
    /// </summary>
    [Fact]
    public void SlotsAreForSharedExtentsOnly()
    {
        Stage stage = Stage.After(Design, "map A 2 4 rw; write A 2 1; write A 3 1; write A 4 1");
        Assert.Equal((1, 1, 0), (Extents(stage.Machine), References(stage.Machine), stage.Live("extent_slot")));
        stage.Do("fork A B");
        Assert.Equal((1, 2, 3), (Extents(stage.Machine), References(stage.Machine), stage.Live("extent_slot")));
        stage.Do("exit B");
        Assert.Equal((1, 1, 0), (Extents(stage.Machine), References(stage.Machine), stage.Live("extent_slot")));
    }

    /// <summary>mprotect divides a reference where it splits a VMA, and joins it where VMAs merge.</summary>
    [Fact]
    public void AMappingCutAndMendedIsOneReferenceAgain()
    {
        const int Pages = 64;
        PageStage stage = Written(Pages, out MmId child);
        for (int page = 1; page < Pages; page += 2)
        {
            stage.Protect(child, page, 1, Protection.Read);
        }

        Assert.Equal((1, 1 + Pages), (Extents(stage.Machine), References(stage.Machine)));
        for (int page = 1; page < Pages; page += 2)
        {
            stage.Protect(child, page, 1, Protection.Read | Protection.Write);
        }

        Assert.Equal((1, 2), (Extents(stage.Machine), References(stage.Machine)));
        stage.Check();
        stage.EndAll(child, stage.Parent);
    }

    /// <summary>Two mappings written apart: where their VMAs become one, their extents do.</summary>
    [Fact]
    public void ExtentsOfMergedVmasConcatenate()
    {
        Stage stage = Stage.After(Design, "map A 2 2 rw; map A 4 2 rwx; write A 2 1; write A 3 1; write A 4 1; write A 5 1");
        Assert.Equal((2, 2), (stage.VmaCount('A'), Extents(stage.Machine)));
        stage.Do("protect A 4 2 rw");
        Assert.Equal((1, 1, 1), (stage.VmaCount('A'), Extents(stage.Machine), References(stage.Machine)));

        // Not where mremap put them side by side: pages keep their numbers.
        stage.Do("map A 10 2 rw; write A 10 1; remap A 10 1 1 maymove fixed 6");
        Assert.Equal((2, 2), (stage.VmaCount('A'), Extents(stage.Machine)));
    }

    /// <summary>Freed exactly, what nobody refers to goes; freed whole, one page in use keeps the others.</summary>
    [Theory]
    [InlineData(Design, 0)]
    [InlineData(Design + ":free=whole", 511)]
    public void OnePageInUseOfAnExtent(string design, int stale)
    {
        const int Pages = 512;
        PageStage stage = new PageStage(DesignCases.Named(design)).WithMemory(Pages);
        for (int page = 0; page < Pages; page++)
        {
            stage.Write(stage.Parent, page, 1);
        }

        stage.Unmap(stage.Parent, 1, Pages - 1);
        Assert.Equal(stale, Figure(stage.Machine, "stale frames"));
        Assert.Equal(stale + 1, stage.Live("page"));
        stage.Check();
        stage.EndAll(stage.Parent);
    }

    /// <summary>
    /// Each generation copies a page: an extent and two references more each, whether its ancestors live or not; no
    /// page is looked for through anybody else.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TenThousandGenerations(bool ancestorsLive)
    {
        const int Generations = 10_000;
        PageStage stage = Make().WithMemory(4);
        stage.Write(stage.Parent, 0, 1);
        stage.Write(stage.Parent, 1, 1);
        List<MmId> spaces = [stage.Parent];
        for (int generation = 1; generation <= Generations; generation++)
        {
            _ = stage.Machine.DropTables(spaces[^1], PageStage.At(0), 4 * Page.Size);
            MmId child = stage.Fork(spaces[^1]);
            stage.Write(child, 1, (byte)generation);
            if (!ancestorsLive)
            {
                stage.Machine.ReleaseMm(spaces[^1]);
                spaces.Clear();
            }

            spaces.Add(child);
        }

        int living = ancestorsLive ? Generations + 1 : 1;
        Assert.Equal(1, stage.Read(spaces[^1], 0));
        Assert.Equal((living, 1), Visits(stage, spaces[^1], 0));
        Assert.Equal((1, 1), Visits(stage, spaces[^1], 1));
        Assert.Equal(ancestorsLive ? living : 2, Extents(stage.Machine));
        Assert.Equal(ancestorsLive ? (2 * living) - 1 : 2, References(stage.Machine));
        stage.Check();
        foreach (MmId mm in spaces)
        {
            stage.Machine.ReleaseMm(mm);
        }

        stage.EndAll();
    }

    /// <summary>
    /// A page that a thousand children may see is visited a thousand times; one of a child's own, once.
    /// </summary>
    [Fact]
    public void AThousandChildren()
    {
        const int Children = 1000;
        PageStage stage = Make().WithMemory(2);
        stage.Write(stage.Parent, 0, 1);
        stage.Write(stage.Parent, 1, 1);
        MmId[] children = [.. Enumerable.Range(0, Children).Select(_ => stage.Fork(stage.Parent))];
        foreach (MmId child in children)
        {
            stage.Write(child, 1, 2);
        }

        Assert.Equal((Children + 1, 1), Visits(stage, stage.Parent, 0));
        Assert.Equal((1, 1), Visits(stage, stage.Parent, 1));
        Assert.Equal((1, 1), Visits(stage, children[500], 1));
        Assert.Equal(1 + Children, Extents(stage.Machine));
        Assert.Equal(1 + (2 * Children), References(stage.Machine));
    }

    /// <summary>mremap changes where references lie: the pages it moves cost nothing.</summary>
    [Fact]
    public void AMoveChangesOneReference()
    {
        const int Pages = 400;
        PageStage stage = Written(Pages, out MmId child);
        long before = stage.Machine.World.Locks.Work[(int)CountedLock.ReverseMapWrite];
        Assert.Equal(Errno.None, stage.Machine.Mremap(
            child,
            new MremapRequest(
                PageStage.At(0),
                Pages * Page.Size,
                Pages * Page.Size,
                RemapFlags.MayMove | RemapFlags.Fixed,
                PageStage.At(5000))).Errno);
        Assert.InRange(stage.Machine.World.Locks.Work[(int)CountedLock.ReverseMapWrite] - before, 1, 2);
        Assert.Equal((1, 2), (Extents(stage.Machine), References(stage.Machine)));
        Assert.Equal(1, stage.Read(child, 5007));
        Assert.Equal((2, 2), Visits(stage, child, 5007));
        stage.Check();
    }

    /// <summary>Pages keep their numbers where they are moved, so memory below them may reach page 0.</summary>
    [Fact]
    public void AnExtentThatBeginsAtPage0()
    {
        Machine machine = DesignCases.Named(Design).Create(new MachineOptions { Contents = PageContents.Bytes });
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        MmapRequest low = Fixed(Page.Size, 1);
        Assert.Equal(Errno.None, machine.Mmap(mm, low).Errno);
        Assert.Equal(FaultOutcome.Done, machine.WriteByte(mm, Page.Size, 1));
        Assert.Equal(Errno.None, machine.Mmap(mm, Fixed(PageStage.At(0), 3)).Errno);
        MremapRequest move = new(
            Page.Size, Page.Size, Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, PageStage.At(3));
        Assert.Equal(Errno.None, machine.Mremap(mm, move).Errno);
        for (int page = 2; page >= 0; page--)
        {
            Assert.Equal(FaultOutcome.Done, machine.WriteByte(mm, PageStage.At(page), 2));
            Assert.Null(machine.VerifyWalks() ?? machine.Audit());
        }
    }

    /// <summary>
    /// A move into a VMA that has references of its own is undone where no memory is left for anything: what the way back
    /// needs is still there.
    /// </summary>
    [Fact]
    public void AMoveIsUndoneWithoutMemory()
    {
        AllFailAfterATable failure = new();
        PageStage stage = new(
            DesignCases.Named(Design), new MachineOptions { Contents = PageContents.Bytes, Failure = failure });
        _ = stage.WithMemory(2).WithMemory(2, at: 510);
        foreach (int page in (int[])[0, 1, 510, 511])
        {
            stage.Write(stage.Parent, page, 1);
        }

        failure.IsOn = true;
        MremapRequest move = new(
            PageStage.At(0), 2 * Page.Size, 2 * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, PageStage.At(512));
        Assert.Equal(Errno.ENOMEM, stage.Machine.Mremap(stage.Parent, move).Errno);
        Assert.True(failure.HasFailed);
        failure.IsOn = false;
        Assert.Equal(1, stage.Read(stage.Parent, 0));
        stage.Check();
        stage.EndAll(stage.Parent);
    }

    private static MmapRequest Fixed(ulong address, ulong pages) => new(
        address,
        pages * Page.Size,
        Protection.Read | Protection.Write,
        MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed,
        default,
        0);

    private sealed class AllFailAfterATable : IAllocationFailure
    {
        public bool IsOn { get; set; }

        public bool HasFailed { get; private set; }

        public bool ShouldFail(string objectType)
        {
            HasFailed |= IsOn && objectType == "page_table";
            return IsOn && HasFailed;
        }
    }

    private static PageStage Make() => new(DesignCases.Named(Design));

    /// <summary>Pages written one after the other, then a fork.</summary>
    private static PageStage Written(int pages, out MmId child)
    {
        PageStage stage = Make().WithMemory(pages);
        for (int page = 0; page < pages; page++)
        {
            stage.Write(stage.Parent, page, 1);
        }

        Assert.Equal((1, 1), (Extents(stage.Machine), References(stage.Machine)));
        child = stage.Fork(stage.Parent);
        for (int page = 0; page < pages; page++)
        {
            Assert.Equal(1, stage.Read(child, page));
        }

        return stage;
    }

    private static int[] Shuffled(int count)
    {
        int[] pages = [.. Enumerable.Range(0, count)];
        new Random(20260521).Shuffle(pages);
        return pages;
    }

    private static (int Visited, int Useful) Visits(PageStage stage, MmId mm, int page)
    {
        WalkResult walk = stage.Machine.Walk(mm, PageStage.At(page));
        return (walk.Visited, walk.Useful);
    }

    // Live ones that are in use; the ledger counts those allocated ahead besides.
    private static long Extents(Machine machine) => Figure(machine, "extents");

    private static long References(Machine machine) => Figure(machine, "references to extents");

    private static long Figure(Machine machine, string name) =>
        machine.Figures.Single(figure => figure.Name == name).Value;
}
