namespace Verso.Engine.Tests.Pages;

/// <summary>Hot paths allocate no managed memory once the arenas have grown.</summary>
public sealed class AllocationTests
{
    private const int Pages = 3000;

    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_fault_allocates_nothing(string design)
    {
        PageStage scenario = new PageStage(design, new MachineOptions()).WithMemory(Pages);
        Assert.Equal(0, AllocatedBy(scenario, () => FaultAll(scenario, scenario.Parent), () => DiscardAll(scenario)));
        Assert.Equal(0, AllocatedBy(scenario, () => DiscardAll(scenario), () => FaultAll(scenario, scenario.Parent)));
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_copy_on_write_fault_allocates_nothing(string design)
    {
        PageStage scenario = new PageStage(design, new MachineOptions()).WithMemory(Pages);
        FaultAll(scenario, scenario.Parent);
        MmId child = scenario.Fork(scenario.Parent);
        long bytes = AllocatedBy(
            scenario,
            () => FaultAll(scenario, child),
            () =>
            {
                scenario.Machine.ReleaseMm(child);
                child = scenario.Fork(scenario.Parent);
            });
        Assert.Equal(0, bytes);
        Assert.Equal(6 * Pages, scenario.Counters.FaultCopied);
    }

    /// <summary>A fork makes objects for an mm and its lists of VMAs; entries cost nothing.</summary>
    [Theory]
    [MemberData(nameof(Designs))]
    public void A_fork_allocates_the_same_for_few_pages_and_for_many(string design)
    {
        PageStage scenario = new PageStage(design, new MachineOptions()).WithMemory(Pages);
        scenario.Machine.Fault(scenario.Parent, PageStage.At(0), FaultAccess.Write);
        long few = ForkAndExit(scenario);
        FaultAll(scenario, scenario.Parent);
        Assert.Equal(few, ForkAndExit(scenario));
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_walk_allocates_nothing(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(100);
        FaultAll(scenario, scenario.Parent, 100);
        _ = scenario.ForkAndRefill(scenario.Parent, 0, 100);
        void WalkAll()
        {
            for (int page = 0; page < 100; page++)
            {
                scenario.Machine.Walk(scenario.Parent, PageStage.At(page));
            }
        }

        Assert.Equal(0, AllocatedBy(scenario, WalkAll, () => { }));

        // Six runs.
        Assert.Equal(6 * 100 * 2, scenario.Counters.WalksFor(WalkPurpose.Probe).Useful);
    }

    private static long ForkAndExit(PageStage scenario)
    {
        void Fork()
        {
            scenario.Machine.Fork(scenario.Parent, out MmId child);
            scenario.Machine.ReleaseMm(child);
        }

        Fork();
        return AllocatedBy(scenario, Fork, () => { });
    }

    private static void FaultAll(PageStage scenario, MmId mm, int pages = Pages)
    {
        for (int page = 0; page < pages; page++)
        {
            scenario.Machine.Fault(mm, PageStage.At(page), FaultAccess.Write);
        }
    }

    private static void DiscardAll(PageStage scenario) =>
        scenario.Machine.Madvise(scenario.Parent, PageStage.Base, Pages * Page.Size, Advice.DontNeed);

    /// <summary>
    /// The fewest bytes the action allocates in one of several runs: the runtime adds some of its own when it
    /// compiles a method again.
    /// </summary>
    private static long AllocatedBy(PageStage scenario, Action action, Action undo)
    {
        long fewest = long.MaxValue;
        for (int run = 0; run < 6; run++)
        {
            fewest = Math.Min(fewest, Measure(action));
            scenario.Check();
            undo();
        }

        return fewest;
    }

    private static long Measure(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
