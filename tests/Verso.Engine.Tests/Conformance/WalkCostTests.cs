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
    [InlineData("anon-vma", 20_000)]
    [InlineData("anon-vma:lookup=prio-tree", 1)]
    [InlineData("anon-vma:lookup=interval-tree", 1)]
    [InlineData("anon-vma:mode=rfc2", 1)]
    [InlineData("anon-vma-chain", 1)]
    [InlineData("address-space-tree", 20_000)]
    [InlineData("reflink", 1)]
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
            walks.Add(walk);
        }

        Assert.Equal(visited, walks.VisitedOfEach);
        output.WriteLine($"{design}: {Pages} VMAs of one mapping, {walks}");
    }

    /// <summary>
    /// The case of 2010 (5beb49305251): a server writes its pages and forks workers, each of which writes all of them
    /// again: 1000 workers with 1000 pages.
    /// </summary>
    /// <param name="design">The design.</param>
    /// <param name="ofWorker">Visits for a page of a worker; 0: one for each process.</param>
    /// <param name="ofServer">Visits for a page of the server, which no worker sees any more; 0 likewise.</param>
    [Theory]
    [InlineData("anon-area", 0, 0)]
    [InlineData("anon-vma", 0, 0)]
    [InlineData("anon-vma:lookup=prio-tree", 0, 0)]
    [InlineData("anon-vma:lookup=interval-tree", 0, 0)]
    [InlineData("anon-vma:mode=rfc2", 1, 0)]
    [InlineData("anon-vma-chain", 1, 0)]
    [InlineData("anon-vma-lazy", 1, 0)]
    [InlineData("cow-context", 1, 0)]
    [InlineData("address-space-tree", 1, 1)]
    [InlineData("reflink", 1, 1)]
    public void WorkersThatWroteAllTheirPages(string design, int ofWorker, int ofServer)
    {
        const int Count = 1000;
        Machine machine = DesignCases.Named(design).Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out MmId server).Errno);
        Map(machine, server, Count);
        Write(machine, server, Count);
        MmId[] workers = new MmId[Count];
        foreach (ref MmId worker in workers.AsSpan())
        {
            Assert.Equal(Errno.None, machine.Fork(server, out worker).Errno);
        }

        foreach (MmId worker in workers)
        {
            Write(machine, worker, Count);
        }

        Assert.Equal((long)Count * Count, machine.Counters.FaultCopied);
        Walks ofWorkers = default;
        Walks ofServers = default;
        for (int page = 0; page < Count; page++)
        {
            // Each page of the server, and one of each worker: enough, as all are alike.
            ofWorkers.Add(machine.Walk(workers[page], At((page * 7) % Count)));
            ofServers.Add(machine.Walk(server, At(page)));
        }

        Assert.Equal(ofWorker == 0 ? Count + 1 : ofWorker, ofWorkers.VisitedOfEach);
        Assert.Equal(ofServer == 0 ? Count + 1 : ofServer, ofServers.VisitedOfEach);
        output.WriteLine($"{design}: {Count} workers x {Count} pages; theirs: {ofWorkers}; the server's: {ofServers}");
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

        /// <summary>Requires: all walks visited the same number.</summary>
        public readonly int VisitedOfEach => _least == _most ? _most : -1;

        private int _least;
        private int _most;

        public void Add(WalkResult walk)
        {
            Assert.Equal(1, walk.Useful);
            _least = Count == 0 ? walk.Visited : Math.Min(_least, walk.Visited);
            _most = Math.Max(_most, walk.Visited);
            Count++;
            Visited += walk.Visited;
            UntilDone += walk.VisitedUntilDone;
        }

        public override readonly string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Count} walks: {(double)Visited / Count:0.0} visits each, {(double)UntilDone / Count:0.0} until done");
    }
}
