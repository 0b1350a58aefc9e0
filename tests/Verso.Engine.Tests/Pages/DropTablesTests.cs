namespace Verso.Engine.Tests.Pages;

/// <summary>Page tables that are a cache of memory objects can be dropped, and come back.</summary>
public sealed class DropTablesTests
{
    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void What_is_dropped_comes_back_by_faults(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(2000);
        scenario.Map(4, MapFlags.Shared | MapFlags.Anonymous, at: 3000);
        foreach (int page in (int[])[0, 600, 1999, 3001])
        {
            scenario.Write(scenario.Parent, page, 7);
        }

        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 600, 8);
        scenario.Advise(child, 5, 1, Advice.GuardInstall);
        long tables = scenario.Live("page_table");
        SyscallResult result = scenario.Machine.DropTables(child, PageStage.At(0), 4000 * Page.Size);
        if (scenario.CopiesEntries)
        {
            Assert.Equal(Errno.EOPNOTSUPP, result.Errno);
            Assert.Equal(tables, scenario.Live("page_table"));
            return;
        }

        Assert.Equal(Errno.None, result.Errno);
        Assert.True(scenario.Live("page_table") < tables);
        Assert.Equal(PagePresence.Empty, scenario.Look(child, 600).Presence);
        Assert.Equal(PagePresence.Held, scenario.Machine.SeenAt(child, PageStage.At(600)).Presence);
        Assert.Equal(PagePresence.Guard, scenario.Look(child, 5).Presence);
        scenario.Check();
        Assert.Equal(7, scenario.Read(child, 0));
        Assert.Equal(8, scenario.Read(child, 600));
        Assert.Equal(7, scenario.Read(child, 1999));
        scenario.Write(child, 600, 9);
        Assert.Equal(7, scenario.Read(scenario.Parent, 600));
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_range_is_checked_and_locked_memory_stays(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        Machine machine = scenario.Machine;
        scenario.Write(scenario.Parent, 0, 1);
        Assert.Equal(Errno.None, machine.Mlock(scenario.Parent, PageStage.At(1), Page.Size, 0).Errno);
        Errno wrong = scenario.CopiesEntries ? Errno.EOPNOTSUPP : Errno.EINVAL;
        Assert.Equal(wrong, machine.DropTables(scenario.Parent, PageStage.At(0) + 1, Page.Size).Errno);
        Assert.Equal(wrong, machine.DropTables(scenario.Parent, Page.TaskSize, Page.Size).Errno);
        _ = machine.DropTables(scenario.Parent, 0, Page.TaskSize);
        Assert.Equal(
            scenario.CopiesEntries ? PagePresence.Present : PagePresence.Empty,
            scenario.Look(scenario.Parent, 0).Presence);
        Assert.Equal(PagePresence.Present, scenario.Look(scenario.Parent, 1).Presence);
        scenario.Check();
    }
}
