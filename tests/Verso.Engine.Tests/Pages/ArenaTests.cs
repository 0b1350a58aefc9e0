using Verso.Engine.Frames;
using Verso.Engine.PageTables;

namespace Verso.Engine.Tests.Pages;

/// <summary>Frames, page tables and the page cache by themselves.</summary>
public sealed class ArenaTests
{
    private readonly World _world = new(new MachineOptions());

    [Fact]
    public void A_frame_keeps_index_and_flags_apart()
    {
        Frame frame = default;
        frame.Index = Frame.IndexMax;
        frame.Set(FrameFlags.Anonymous | FrameFlags.Exclusive);
        frame.Clear(FrameFlags.Exclusive);
        Assert.Equal((Frame.IndexMax, FrameFlags.Anonymous), (frame.Index, frame.Flags));
        frame.Index = 5;
        Assert.Equal((5UL, FrameFlags.Anonymous), (frame.Index, frame.Flags));
        Assert.Equal(16, System.Runtime.CompilerServices.Unsafe.SizeOf<Frame>());
    }

    [Fact]
    public void A_freed_frame_is_the_next_to_be_used()
    {
        FrameTable frames = _world.Frames;
        Pfn first = frames.Allocate(FrameFlags.Anonymous, 1);
        Pfn second = frames.Allocate(FrameFlags.Anonymous, 2);
        frames.Free(first);
        frames.Free(second);
        Assert.Throws<InvariantException>(() => frames.Free(second));
        Assert.Equal([second, first], [frames.Allocate(FrameFlags.None, 0), frames.Allocate(FrameFlags.None, 0)]);
        Assert.Equal(2, frames.LiveCount);
    }

    [Fact]
    public void Leaf_ranges_skip_what_has_no_table_and_stop_at_table_ends()
    {
        Mm mm = _world.Mms.Allocate()!;
        PageTablePool tables = _world.PageTables;
        ulong[] places = [0x1000, 0x1ff000, 0x200000, 0x40000000, 0x7fff_ffff_e000];
        foreach (ulong place in places)
        {
            Assert.NotEqual(0, tables.EnsureLeaf(mm, place));
        }

        List<(ulong Address, int Count)> ranges = [];
        ulong address = 0x5000;
        while (tables.TryNextRange(mm, ref address, 0x7fff_ffff_f000, out PteRange range))
        {
            Assert.Equal(range.Address, tables[range.Table].Base + ((ulong)range.First << Page.Shift));
            ranges.Add((range.Address, range.Count));
        }

        Assert.Equal(
            [(0x5000, 507), (0x200000, 512), (0x40000000, 512), (0x7fff_ffe0_0000, 511)], ranges);
    }

    [Fact]
    public void A_table_that_becomes_empty_goes_with_the_tables_above_it()
    {
        Mm mm = _world.Mms.Allocate()!;
        PageTablePool tables = _world.PageTables;
        int near = tables.EnsureLeaf(mm, 0x1000);
        int far = tables.EnsureLeaf(mm, 0x7f00_0000_0000);
        Assert.Equal(7, tables.LiveCount);
        tables.FreeIfEmpty(mm, far);
        Assert.Equal(4, tables.LiveCount);
        Assert.Equal((near, 0), (tables.FindLeaf(mm, 0x1000), tables.FindLeaf(mm, 0x7f00_0000_0000)));
        tables.FreeIfEmpty(mm, near);
        Assert.Equal((0, 0), (tables.LiveCount, mm.PageTableRoot));
    }

    [Fact]
    public void Each_address_space_has_its_own_leaf_for_one_address()
    {
        Mm one = _world.Mms.Allocate()!;
        Mm two = _world.Mms.Allocate()!;
        PageTablePool tables = _world.PageTables;
        int first = tables.EnsureLeaf(one, 0x5000);
        Assert.Equal(0, tables.FindLeaf(two, 0x5000));
        int second = tables.EnsureLeaf(two, 0x5000);
        Assert.Equal((first, second), (tables.FindLeaf(one, 0x5000), tables.FindLeaf(two, 0x5000)));
        Assert.Equal((one.Id, two.Id), (tables[first].Owner, tables[second].Owner));
    }

    [Fact]
    public void The_page_cache_finds_pages_in_order_over_gaps()
    {
        FileId file = _world.Files.Open(FileKind.Regular, 1, 1, ulong.MaxValue);
        Objects.Inode inode = _world.Files[file];
        ulong[] offsets = [70, 3, 1UL << 40, 64, 0];
        foreach (ulong offset in offsets)
        {
            Pfn frame = _world.Files.GetPage(inode, offset);
            Assert.Equal(frame, _world.Files.GetPage(inode, offset));
        }

        List<ulong> found = [];
        for (ulong at = 0; inode.Pages.TryNext(ref at, out _); at++)
        {
            found.Add(at);
        }

        Assert.Equal([0, 3, 64, 70, 1UL << 40], found);
        _world.Files.DropPages(inode, 3, 70);
        Assert.Equal((3, 3), (inode.Pages.Count, _world.Frames.LiveCount));
        Assert.True(inode.Pages.Find(64).IsNone);
        Assert.False(inode.Pages.Find(70).IsNone);
    }
}
