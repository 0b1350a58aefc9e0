namespace Verso.Engine.Tests.Pages;

/// <summary>The zero page, discards, MADV_FREE, guard markers, protection and population.</summary>
public sealed class AnonymousPageTests
{
    private const ulong LeafBytes = 2UL << 20;

    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_read_maps_the_zero_page_without_frame_or_preparation(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        Assert.Equal(0, scenario.Read(scenario.Parent, 2));
        Assert.Equal(PagePresence.ZeroPage, scenario.Look(scenario.Parent, 2).Presence);
        Assert.Equal(0, scenario.Live("page"));
        Assert.False(scenario.Machine.World.Vmas[new VmaId(1)].Prepared);
        scenario.Write(scenario.Parent, 2, 5);
        Assert.Equal(PagePresence.Present, scenario.Look(scenario.Parent, 2).Presence);
        Assert.Equal(1, scenario.Counters.FaultZeroPage);
        Assert.Equal(1, scenario.Counters.FaultNewPage);
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_read_in_a_huge_page_mapping_prepares_where_a_huge_zero_page_could_go(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(1024);
        scenario.Advise(scenario.Parent, 0, 1024, Advice.HugePage);
        Assert.Equal(0, scenario.Read(scenario.Parent, 3));
        Assert.True(scenario.Machine.World.Vmas[new VmaId(1)].Prepared);
        scenario.Check();

        PageStage narrow = new(design);
        narrow.Map(511, MapFlags.Private | MapFlags.Anonymous, at: 1);
        narrow.Advise(narrow.Parent, 1, 511, Advice.HugePage);
        Assert.Equal(0UL, PageStage.Base % LeafBytes);
        Assert.Equal(0, narrow.Read(narrow.Parent, 3));
        Assert.False(narrow.Machine.World.Vmas[new VmaId(1)].Prepared);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_discarded_page_reads_zero_here_and_its_value_in_the_child(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(4);
        scenario.Write(scenario.Parent, 0, 1);
        scenario.Write(scenario.Parent, 1, 2);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Advise(scenario.Parent, 0, 2, Advice.DontNeed);
        Assert.Equal(0, scenario.Read(scenario.Parent, 1));
        Assert.Equal(2, scenario.Read(child, 1));
        scenario.Check();
        scenario.EndAll(child, scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_lazily_freed_page_keeps_or_loses_its_value_as_the_option_says(string design)
    {
        Assert.Equal([1, 2, 3, 4], AfterLazyFree(design, LazyFree.Keep));
        Assert.Equal([0, 0, 0, 4], AfterLazyFree(design, LazyFree.Drop));
        Assert.Equal([1, 0, 3, 4], AfterLazyFree(design, LazyFree.DropOdd));
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Lazy_free_skips_pages_that_others_map_too(string design)
    {
        PageStage scenario = new PageStage(
            design, new MachineOptions { Contents = PageContents.Bytes, LazyFree = LazyFree.Drop }).WithMemory(2);
        scenario.Write(scenario.Parent, 0, 6);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Advise(child, 0, 2, Advice.Free);
        Assert.Equal(6, scenario.Read(child, 0));
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Guard_markers_stop_accesses_and_survive_discard_and_fork_but_not_munmap(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(8);
        scenario.Write(scenario.Parent, 2, 1);
        scenario.Advise(scenario.Parent, 2, 2, Advice.GuardInstall);
        Assert.Equal(FaultOutcome.MapError, scenario.Machine.ReadByte(scenario.Parent, PageStage.At(2), out _));
        Assert.Equal(FaultOutcome.MapError, scenario.Machine.WriteByte(scenario.Parent, PageStage.At(3), 1));
        scenario.Advise(scenario.Parent, 0, 8, Advice.DontNeed);
        MmId child = scenario.Fork(scenario.Parent);
        Assert.Equal(PagePresence.Guard, scenario.Look(child, 2).Presence);
        scenario.Check();
        scenario.Advise(child, 2, 2, Advice.GuardRemove);
        Assert.Equal(0, scenario.Read(child, 2));
        scenario.Unmap(scenario.Parent, 0, 8);
        scenario.WithMemory(8);
        Assert.Equal(0, scenario.Read(scenario.Parent, 2));
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Protection_stops_accesses_and_gives_writing_back_to_exclusive_pages_only(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(2);
        scenario.Write(scenario.Parent, 0, 1);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 1, 2);
        scenario.Protect(child, 0, 2, Protection.None);
        Assert.Equal(FaultOutcome.AccessError, scenario.Machine.ReadByte(child, PageStage.At(0), out _));
        scenario.Protect(child, 0, 2, Protection.Read);
        Assert.Equal(FaultOutcome.AccessError, scenario.Machine.WriteByte(child, PageStage.At(1), 1));
        Assert.Equal(2, scenario.Read(child, 1));
        scenario.Protect(child, 0, 2, Protection.Read | Protection.Write);
        Assert.False(scenario.Look(child, 0).Writable);
        Assert.True(scenario.Look(child, 1).Writable);
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Populate_faults_each_page_once_and_says_where_it_stops(string design)
    {
        PageStage scenario = new PageStage(design).WithMemory(6);
        Machine machine = scenario.Machine;
        Assert.Equal(Errno.None, machine.Populate(scenario.Parent, PageStage.At(0), 4 * Page.Size, FaultAccess.Write));
        Assert.Equal(Errno.None, machine.Populate(scenario.Parent, PageStage.At(0), 6 * Page.Size, FaultAccess.Write));
        Assert.Equal(6, scenario.Counters.FaultNewPage);
        Assert.Equal(
            Errno.ENOMEM, machine.Populate(scenario.Parent, PageStage.At(0), 7 * Page.Size, FaultAccess.Read));
        scenario.Protect(scenario.Parent, 4, 1, Protection.Read);
        Assert.Equal(
            Errno.EFAULT, machine.Populate(scenario.Parent, PageStage.At(0), 6 * Page.Size, FaultAccess.Write));
        scenario.Check();
    }

    private static byte[] AfterLazyFree(string design, LazyFree option)
    {
        PageStage scenario = new PageStage(
            design, new MachineOptions { Contents = PageContents.Bytes, LazyFree = option }).WithMemory(4);
        for (int page = 0; page < 4; page++)
        {
            scenario.Write(scenario.Parent, page, (byte)(page + 1));
        }

        scenario.Advise(scenario.Parent, 0, 4, Advice.Free);
        scenario.Write(scenario.Parent, 3, 4);
        scenario.Check();
        return [.. Enumerable.Range(0, 4).Select(page => scenario.Read(scenario.Parent, page))];
    }
}
