using Verso.Engine.Objects;

namespace Verso.Engine.Tests.Pages;

/// <summary>Private and shared file mappings, shared memory, truncation and holes.</summary>
public sealed class FilePageTests
{
    private const ulong Device = 0x800001;
    private const ulong Number = 42;

    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_private_mapping_follows_the_file_until_it_is_written(string design)
    {
        PageStage scenario = new(design);
        FileId file = Open(scenario, 8 * Page.Size);
        scenario.Map(8, MapFlags.Private, file: file);
        scenario.Map(8, MapFlags.Shared, file: file, at: 100);
        Assert.Equal(FilePattern.At(Device, Number, Page.Size), scenario.Read(scenario.Parent, 1));
        scenario.Write(scenario.Parent, 101, 200);
        Assert.Equal(200, scenario.Read(scenario.Parent, 1));
        scenario.Write(scenario.Parent, 1, 201);
        scenario.Write(scenario.Parent, 101, 202);
        Assert.Equal(201, scenario.Read(scenario.Parent, 1));
        Assert.Equal(202, scenario.Read(scenario.Parent, 101));
        Assert.True(scenario.Look(scenario.Parent, 1) is { Anonymous: true, Exclusive: true });
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Two_opens_of_one_inode_share_its_pages(string design)
    {
        PageStage scenario = new(design);
        FileId first = Open(scenario, 4 * Page.Size);
        FileId second = Open(scenario, 4 * Page.Size);
        Assert.NotEqual(first, second);
        scenario.Map(4, MapFlags.Shared, file: first);
        scenario.Map(4, MapFlags.Shared, file: second, at: 50);
        scenario.Write(scenario.Parent, 2, 77);
        Assert.Equal(77, scenario.Read(scenario.Parent, 52));
        Assert.Equal(2, scenario.Look(scenario.Parent, 2).MapCount);
        WalkResult walk = scenario.Machine.Walk(scenario.Parent, PageStage.At(2));
        Assert.Equal(2, walk.Useful);
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Beyond_the_end_is_a_bus_error_and_a_private_write_there_still_prepares(string design)
    {
        PageStage scenario = new(design);
        FileId file = Open(scenario, Page.Size + 100);
        scenario.Map(8, MapFlags.Private, file: file);
        VmaId vma = new(1);
        Assert.Equal(FaultOutcome.Bus, scenario.Machine.ReadByte(scenario.Parent, PageStage.At(2), out _));
        Assert.False(scenario.Machine.World.Vmas[vma].Prepared);
        Assert.Equal(FaultOutcome.Bus, scenario.Machine.WriteByte(scenario.Parent, PageStage.At(2), 1));
        Assert.True(scenario.Machine.World.Vmas[vma].Prepared);
        Assert.NotEqual(0, scenario.Read(scenario.Parent, 1, 99));
        Assert.Equal(0, scenario.Read(scenario.Parent, 1, 100));
        scenario.Check();
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Truncation_takes_private_copies_too_and_a_hole_does_not(string design)
    {
        PageStage scenario = new(design);
        FileId file = Open(scenario, 8 * Page.Size);
        scenario.Map(8, MapFlags.Private, file: file);
        for (int page = 0; page < 8; page++)
        {
            Assert.NotEqual(0, scenario.Read(scenario.Parent, page));
        }

        scenario.Write(scenario.Parent, 1, 11);
        scenario.Write(scenario.Parent, 6, 16);
        scenario.Machine.PunchHole(file, Page.Size, 2 * Page.Size);
        Assert.Equal(11, scenario.Read(scenario.Parent, 1));
        Assert.Equal(0, scenario.Read(scenario.Parent, 2));
        scenario.Machine.Truncate(file, (5 * Page.Size) + 10);
        Assert.Equal(FaultOutcome.Bus, scenario.Machine.ReadByte(scenario.Parent, PageStage.At(6), out _));
        Assert.NotEqual(0, scenario.Read(scenario.Parent, 5, 9));
        Assert.Equal(0, scenario.Read(scenario.Parent, 5, 10));
        scenario.Machine.Truncate(file, 8 * Page.Size);
        Assert.Equal(0, scenario.Read(scenario.Parent, 6));
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Shared_anonymous_memory_is_seen_by_the_child_and_goes_with_the_last_mapping(string design)
    {
        PageStage scenario = new(design);
        scenario.Map(4, MapFlags.Shared | MapFlags.Anonymous);
        scenario.Write(scenario.Parent, 0, 1);
        MmId child = scenario.Fork(scenario.Parent);
        Assert.Equal(PagePresence.Empty, scenario.Look(child, 0).Presence);
        scenario.Write(child, 0, 2);
        scenario.Write(child, 3, 3);
        Assert.Equal(2, scenario.Read(scenario.Parent, 0));
        Assert.Equal(3, scenario.Read(scenario.Parent, 3));
        Assert.Equal(1, scenario.Live("shmem_inode"));
        scenario.Check();
        scenario.Unmap(scenario.Parent, 0, 4);
        Assert.Equal(2, scenario.Read(child, 0));
        scenario.Unmap(child, 0, 4);
        Assert.Equal(0, scenario.Live("shmem_inode"));
        scenario.EndAll(scenario.Parent, child);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Fork_copies_file_pages_only_of_prepared_private_mappings(string design)
    {
        PageStage scenario = new(design);
        FileId file = Open(scenario, 8 * Page.Size);
        scenario.Map(4, MapFlags.Private, file: file);
        scenario.Map(4, MapFlags.Private, file: file, at: 100, offset: 4 * Page.Size);
        _ = scenario.Read(scenario.Parent, 0);
        _ = scenario.Read(scenario.Parent, 100);
        scenario.Write(scenario.Parent, 101, 1);
        MmId child = scenario.Fork(scenario.Parent);
        Assert.Equal(PagePresence.Empty, scenario.Look(child, 0).Presence);
        if (scenario.CopiesEntries)
        {
            Assert.True(scenario.Look(child, 100) is { Anonymous: false, MapCount: 2 });
            Assert.True(scenario.Look(child, 101) is { Anonymous: true, MapCount: 2 });
        }

        Assert.Equal(1, scenario.Read(child, 101));
        scenario.Check();
        scenario.EndAll(child, scenario.Parent);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_closed_file_lives_on_in_its_mappings(string design)
    {
        PageStage scenario = new(design);
        FileId file = Open(scenario, 4 * Page.Size);
        scenario.Map(4, MapFlags.Shared, file: file);
        scenario.Machine.CloseFile(file);
        scenario.Write(scenario.Parent, 0, 9);
        Assert.Equal((Device, Number, FileKind.Regular), scenario.Machine.DescribeFile(file));
        scenario.Unmap(scenario.Parent, 0, 4);
        FileId again = Open(scenario, 4 * Page.Size);
        scenario.Map(4, MapFlags.Shared, file: again);
        Assert.Equal(9, scenario.Read(scenario.Parent, 0));
        scenario.Check();
    }

    private static FileId Open(PageStage scenario, ulong sizeBytes) =>
        scenario.Machine.OpenFile(FileKind.Regular, Device, Number, sizeBytes);
}
