namespace Verso.Engine.Tests.Pages;

/// <summary>fork and the writes after it: who copies, who reuses, who is exclusive.</summary>
public sealed class CopyOnWriteTests
{
    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_first_write_makes_an_exclusive_page(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        scenario.Write(scenario.Parent, 1, 7);
        PageView page = scenario.Look(scenario.Parent, 1);
        Assert.Equal(new PageView(PagePresence.Present, page.Frame, true, 1, true, true), page);
        Assert.Equal(1, scenario.Counters.FaultNewPage);
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Fork_shares_the_frame_and_takes_exclusiveness_from_both(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        scenario.Write(scenario.Parent, 1, 7);
        Pfn frame = scenario.Look(scenario.Parent, 1).Frame;
        MmId child = scenario.ForkAndRefill(scenario.Parent, 1, 1);
        PageView expected = new(PagePresence.Present, frame, true, 2, false, false);
        Assert.Equal(expected, scenario.Look(scenario.Parent, 1));
        Assert.Equal(expected, scenario.Look(child, 1));
        Assert.Equal(scenario.CopiesEntries ? 1 : 0, scenario.Counters.PtesCopied);
        Assert.Equal(scenario.CopiesEntries ? 0 : 1, scenario.Counters.FaultFound);
        Assert.Equal(1, scenario.Counters.PtesWriteProtected);
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_write_after_fork_copies_and_the_other_side_keeps_its_value(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        scenario.Write(scenario.Parent, 1, 7);
        Pfn frame = scenario.Look(scenario.Parent, 1).Frame;
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 1, 8);
        Assert.NotEqual(frame, scenario.Look(child, 1).Frame);
        Assert.True(scenario.Look(child, 1) is { Exclusive: true, Writable: true, MapCount: 1 });
        Assert.Equal(7, scenario.Read(scenario.Parent, 1));
        Assert.Equal(8, scenario.Read(child, 1));
        Assert.Equal(1, scenario.Counters.FaultCopied);
        scenario.Check();
        scenario.EndAll(child, scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void The_last_mapper_reuses_the_frame_and_becomes_exclusive(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        if (!scenario.CopiesEntries)
        {
            // Whether an object that is left over is found to be so at once is the design's matter (S5).
            return;
        }

        scenario.Write(scenario.Parent, 1, 7);
        Pfn frame = scenario.Look(scenario.Parent, 1).Frame;
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(scenario.Parent, 1, 9);
        Assert.True(scenario.Look(child, 1) is { MapCount: 1, Exclusive: false, Writable: false });
        scenario.Write(child, 1, 8);
        Assert.Equal(new PageView(PagePresence.Present, frame, true, 1, true, true), scenario.Look(child, 1));
        Assert.Equal(1, scenario.Counters.FaultReused);
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void After_the_child_exits_the_parent_reuses(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        scenario.Write(scenario.Parent, 1, 7);
        Pfn frame = scenario.Look(scenario.Parent, 1).Frame;
        scenario.Machine.ReleaseMm(scenario.Fork(scenario.Parent));
        Assert.True(scenario.Look(scenario.Parent, 1) is { MapCount: 1, Exclusive: false, Writable: false });
        scenario.Write(scenario.Parent, 1, 8);
        Assert.Equal(frame, scenario.Look(scenario.Parent, 1).Frame);
        Assert.Equal(1, scenario.Counters.FaultReused);
        Assert.Equal(0, scenario.Counters.FaultCopied);
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Generations_share_until_each_writes_and_may_exit_in_any_order(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(8);
        MmId[] spaces = new MmId[6];
        spaces[0] = scenario.Parent;
        scenario.Write(scenario.Parent, 3, 1);
        for (int i = 1; i < spaces.Length; i++)
        {
            spaces[i] = scenario.ForkAndRefill(spaces[i - 1], 3, 1);
            Assert.Equal(i + 1, scenario.Look(spaces[i], 3).MapCount);
        }

        scenario.Write(spaces[2], 3, 2);
        scenario.Write(spaces[5], 3, 5);
        Assert.Equal(4, scenario.Look(spaces[0], 3).MapCount);
        Assert.Equal([1, 1, 2, 1, 1, 5], spaces.Select(mm => scenario.Read(mm, 3)));
        scenario.Check();
        foreach (int i in (int[])[0, 3, 5, 1])
        {
            scenario.Machine.ReleaseMm(spaces[i]);
            scenario.Check();
        }

        Assert.Equal(1, scenario.Read(spaces[4], 3));
        scenario.EndAll(spaces[4], spaces[2]);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_moved_page_keeps_its_sharing_and_its_walk(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(1000);
        for (int page = 500; page < 520; page++)
        {
            scenario.Write(scenario.Parent, page, (byte)page);
        }

        MmId child = scenario.ForkAndRefill(scenario.Parent, 500, 20);
        MremapRequest move = new(
            PageStage.At(500), 20 * Page.Size, 20 * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, PageStage.At(3000));
        Assert.Equal(Errno.None, scenario.Machine.Mremap(child, move).Errno);
        Assert.Equal(20, scenario.Counters.PtesMoved);
        scenario.Check();
        Assert.Equal(2, scenario.Look(child, 3005).MapCount);
        Assert.Equal(505 & 0xff, scenario.Read(child, 3005));
        scenario.Write(child, 3005, 1);
        Assert.Equal(505 & 0xff, scenario.Read(scenario.Parent, 505));
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_move_between_multiples_of_two_MiB_takes_whole_tables(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(1100);
        for (int page = 0; page < 1100; page += 50)
        {
            scenario.Write(scenario.Parent, page, (byte)(page / 50));
        }

        MmId child = scenario.Fork(scenario.Parent);
        for (int page = 0; page < 1100; page += 50)
        {
            _ = scenario.Read(child, page);
        }

        MremapRequest move = new(
            PageStage.At(0),
            1100 * Page.Size,
            1100 * Page.Size,
            RemapFlags.MayMove | RemapFlags.Fixed,
            PageStage.At(4096));
        Assert.Equal(Errno.None, scenario.Machine.Mremap(child, move).Errno);
        Assert.Equal(2, scenario.Counters.TablesMoved);
        Assert.Equal(1, scenario.Counters.PtesMoved);
        scenario.Check();
        Assert.Equal(13, scenario.Read(child, 4096 + 650));
        scenario.Write(child, 4096 + 650, 1);
        Assert.Equal(13, scenario.Read(scenario.Parent, 650));
        Assert.Equal(PagePresence.Empty, scenario.Look(child, 650).Presence);
        scenario.Check();
        scenario.EndAll(child, scenario.Parent);
    }
}
