namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// A garbage collector's habit: 1 GiB reserved, then committed (made writable, first page written) in regions of 4 MiB,
/// in some order. How many VMAs are left at the end, and the most there ever were, as counted on a live 6.18.44.
/// </summary>
/// <remarks>
/// Strategy: the random order is that of glibc's rand() from seed 1, as the program had it whose VMAs were counted.
/// </remarks>
public sealed class RegionsTests
{
    private const int Regions = 256;
    private const ulong RegionBytes = 4UL << 20;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    [Theory]
    [InlineData(Order.Ascending, Touch.AtCommit, 1, 2)]
    [InlineData(Order.EvenThenOdd, Touch.AtCommit, 128, 256)]
    [InlineData(Order.Random, Touch.AtCommit, 87, 153)]
    [InlineData(Order.Random, Touch.Never, 1, 138)]
    [InlineData(Order.Random, Touch.AtTheEnd, 1, 138)]
    [InlineData(Order.Random, Touch.OneBeforeAll, 1, 138)]
    public void TheKernelCounts(Order order, Touch touch, int atTheEnd, int most) =>
        Assert.Equal((atTheEnd, most), Commit("anon-vma-chain", order, touch));

    /// <summary>Where VMAs carry no anon_vma, order and writes do not matter at the end.</summary>
    [Theory]
    [InlineData("page-table-scan", Order.Random, 138)]
    [InlineData("page-table-scan", Order.EvenThenOdd, 256)]
    [InlineData("pte-chain", Order.Random, 138)]
    public void DesignsThatAlwaysMerge(string design, Order order, int most) =>
        Assert.Equal((1, most), Commit(design, order, Touch.AtCommit));

    /// <summary>The first numbers of glibc after srand(1).</summary>
    [Fact]
    public void TheOrderIsThatOfGlibc()
    {
        GlibcRandom random = new(1);
        int[] numbers = [.. Enumerable.Range(0, 5).Select(_ => random.Next())];
        Assert.Equal([1804289383, 846930886, 1681692777, 1714636915, 1957747793], numbers);
    }

    public enum Order
    {
        Ascending = 0,
        EvenThenOdd = 1,
        Random = 2,
    }

    /// <summary>When pages are written.</summary>
    public enum Touch
    {
        Never = 0,
        AtCommit = 1,
        AtTheEnd = 2,

        /// <summary>
        /// One page of the whole is written while it is still one VMA: all regions then share its anon_vma.
        /// </summary>
        OneBeforeAll = 3,
    }

    private static (int AtTheEnd, int Most) Commit(string design, Order order, Touch touch)
    {
        Machine machine = DesignCases.Named(design).Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        const MapFlags Flags = MapFlags.Private | MapFlags.Anonymous | MapFlags.NoReserve | MapFlags.Fixed;
        const ulong Base = 0x7000_0000_0000;
        MmapRequest reserve = new(Base, Regions * RegionBytes, Protection.None, Flags);
        Assert.Equal(Base, machine.Mmap(mm, reserve).Value);
        if (touch == Touch.OneBeforeAll)
        {
            Protect(machine, mm, Base, Regions * RegionBytes, ReadWrite);
            Write(machine, mm, Base);
            Protect(machine, mm, Base, Regions * RegionBytes, Protection.None);
        }

        int most = 0;
        foreach (int region in RegionOrder(order))
        {
            ulong address = Base + ((ulong)region * RegionBytes);
            Protect(machine, mm, address, RegionBytes, ReadWrite);
            if (touch is Touch.AtCommit or Touch.OneBeforeAll)
            {
                Write(machine, mm, address);
            }

            most = Math.Max(most, machine.Capture(mm).Vmas.Count);
        }

        for (int region = 0; region < Regions && touch == Touch.AtTheEnd; region++)
        {
            Write(machine, mm, Base + ((ulong)region * RegionBytes));
        }

        Assert.Null(machine.Audit());
        return (machine.Capture(mm).Vmas.Count, most);
    }

    private static int[] RegionOrder(Order order)
    {
        int[] regions = [.. Enumerable.Range(0, Regions)];
        switch (order)
        {
            case Order.EvenThenOdd:
                return [.. regions.Where(region => region % 2 == 0), .. regions.Where(region => region % 2 == 1)];
            case Order.Random:
                GlibcRandom random = new(1);
                for (int i = Regions - 1; i > 0; i--)
                {
                    int j = random.Next() % (i + 1);
                    (regions[i], regions[j]) = (regions[j], regions[i]);
                }

                return regions;
            default:
                return regions;
        }
    }

    private static void Protect(Machine machine, MmId mm, ulong address, ulong length, Protection protection) =>
        Assert.Equal(Errno.None, machine.Mprotect(mm, address, length, protection).Errno);

    private static void Write(Machine machine, MmId mm, ulong address) =>
        Assert.Equal(FaultOutcome.Done, machine.Fault(mm, address, FaultAccess.Write));
}
