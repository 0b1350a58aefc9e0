namespace Verso.Engine.Tests.Conformance;

/// <summary>What a walk visits where one mapping has become many VMAs, or one process many.</summary>
public sealed class WalkCostTests(ITestOutputHelper output)
{
    private const ulong Base = 0x7f00_0000_0000;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    /// <summary>
    /// Written, then cut by mprotect into VMAs of one page each: a list is looked through from end to end for each
    /// page, newest first.
    /// </summary>
    [Theory]
    [InlineData("anon-area", 20_000)]
    [InlineData("anon-vma-chain", 1)]
    public void OneMappingCutIntoManyVmas(string design, int visited)
    {
        const int Pages = 20_000;
        Machine machine = DesignCases.Named(design).Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        Map(machine, mm, Pages);
        Write(machine, mm, Pages);
        for (int page = 1; page < Pages; page += 2)
        {
            Assert.Equal(Errno.None, machine.Mprotect(mm, At(page), Page.Size, Protection.Read).Errno);
        }

        Assert.Equal(Pages, machine.Capture(mm).Vmas.Count);
        Walks walks = default;
        for (int page = 0; page < Pages; page += 97)
        {
            WalkResult walk = machine.Walk(mm, At(page));
            Assert.Equal((visited, 1), (walk.Visited, walk.Useful));
            walks.Add(walk);
        }

        output.WriteLine($"{design}: {Pages} VMAs of one mapping, {walks}");
    }

    private static ulong At(int page) => Base + ((ulong)page * Page.Size);

    private static void Map(Machine machine, MmId mm, int pages) => Assert.Equal(Errno.None, machine.Mmap(
        mm,
        new MmapRequest(
            Base,
            (ulong)pages * Page.Size,
            ReadWrite,
            MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed)).Errno);

    private static void Write(Machine machine, MmId mm, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            Assert.Equal(FaultOutcome.Done, machine.Fault(mm, At(page), FaultAccess.Write));
        }
    }

    /// <summary>Sums over some walks.</summary>
    private struct Walks
    {
        public long Count;
        public long Visited;
        public long UntilDone;

        public void Add(WalkResult walk)
        {
            Count++;
            Visited += walk.Visited;
            UntilDone += walk.VisitedUntilDone;
        }

        public override readonly string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Count} walks: {(double)Visited / Count:0.0} visits each, {(double)UntilDone / Count:0.0} until done");
    }
}
