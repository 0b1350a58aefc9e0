using Verso.Engine.Images;
using Verso.Engine.Tests.Pages;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>MAP_HUGETLB, as 6.18.44 shows it with vm.nr_hugepages = 2 (VmFlags "rd wr mr mw me de ht").</summary>
public sealed class HugeTlbTests
{
    private const MapFlags Huge = MapFlags.Anonymous | MapFlags.HugeTlb;
    private const VmaFlags Seen =
        VmaFlags.Read | VmaFlags.Write | VmaFlags.MayAccess | VmaFlags.DontExpand | VmaFlags.HugeTlb;

    private readonly PageStage _scenario = new("anon-vma-chain");

    [Fact]
    public void Without_reserved_pages_there_is_no_memory() =>
        Assert.Equal(Errno.ENOMEM, Map(MapFlags.Private, imposed: null).Errno);

    [Fact]
    public void Two_recorded_mappings_are_two_VMAs_of_whole_huge_pages()
    {
        Assert.Equal(Errno.None, Map(MapFlags.Private, 0x7fff_f7c0_0000).Errno);
        Assert.Equal(Errno.None, Map(MapFlags.Shared, 0x7fff_f7a0_0000).Errno);
        IReadOnlyList<VmaImage> vmas = _scenario.Machine.Capture(_scenario.Parent).Vmas;
        Assert.Equal(2, vmas.Count);
        Assert.Equal((Seen | VmaFlags.Shared | VmaFlags.MayShare, 0x20_0000UL), Describe(vmas[0]));
        Assert.Equal((Seen, 0x20_0000UL), Describe(vmas[1]));
        Assert.NotEqual(vmas[0].File, vmas[1].File);
        _scenario.EndAll(_scenario.Parent);
    }

    /// <summary>
    /// mremap of 4 huge pages at 16 MiB, as 6.18.44 answers it for private and shared ones: lengths are those of whole huge
    /// pages, nothing grows, and the new address counts even where no flag asks for it.
    /// </summary>
    [Theory]
    [InlineData(0, 8192, 16384, 1, 0, Errno.EINVAL)]
    [InlineData(0, 8192, 16384, 0, 0, Errno.EINVAL)]
    [InlineData(0, 8192, 8196, 1, 0, Errno.EINVAL)]
    [InlineData(0, 4096, 16384, 1, 0, Errno.EINVAL)]
    [InlineData(0, 16384, 24576, 1, 0, Errno.EINVAL)]
    [InlineData(0, 8192, 16384, 3, 32768, Errno.EINVAL)]
    [InlineData(0, 8192, 8192, 3, 32768, Errno.None)]
    [InlineData(0, 4096, 4096, 3, 32768, Errno.None)]
    [InlineData(0, 8192, 8192, 3, 32772, Errno.EINVAL)]
    [InlineData(0, 4, 4, 3, 32768, Errno.None)]
    [InlineData(4, 4, 4, 3, 32768, Errno.EINVAL)]
    [InlineData(0, 8192, 4096, 0, 0, Errno.None)]
    [InlineData(0, 8192, 4, 0, 0, Errno.None)]
    [InlineData(0, 8192, 4100, 0, 0, Errno.None)]
    [InlineData(0, 8192, 8192, 5, 0, Errno.EINVAL)]
    [InlineData(0, 8192, 8192, 7, 32768, Errno.EINVAL)]
    [InlineData(0, 0, 8192, 1, 0, Errno.EINVAL)]
    [InlineData(0, 8192, 4096, 3, 32768, Errno.None)]
    [InlineData(0, 8192, 8192, 0, 0, Errno.None)]
    [InlineData(0, 8192, 8192, 0, 4, Errno.EINVAL)]
    [InlineData(0, 8192, 6144, 0, 4, Errno.EINVAL)]
    [InlineData(4, 4, 4, 0, 0, Errno.EINVAL)]
    [InlineData(0, 4, 8, 1, 0, Errno.None)]
    [InlineData(4, 8188, 8192, 1, 0, Errno.EINVAL)]
    [InlineData(0, 16384, 16384, 0, 0, Errno.None)]
    public void They_do_not_grow(int start, int from, int to, int flags, int target, Errno errno)
    {
        foreach (MapFlags type in (MapFlags[])[MapFlags.Private, MapFlags.Shared])
        {
            const ulong Base = 16384 << 10;
            _ = _scenario.Machine.Mmap(_scenario.Parent, new MmapRequest(
                Base, 8192 << 10, Protection.Read | Protection.Write, type | Huge | MapFlags.NoReserve | MapFlags.Fixed));
            SyscallResult result = _scenario.Machine.Mremap(_scenario.Parent, new MremapRequest(
                Base + ((ulong)start << 10), (ulong)from << 10, (ulong)to << 10, (RemapFlags)flags, (ulong)target << 10));
            Assert.Equal(errno, result.Errno);
            ulong whole = Math.Min((ulong)(to + 2047) / 2048 * 2048, 8192) << 10;
            bool isPart = from < 8192 && flags == 3;
            ulong left = _scenario.Machine.Capture(_scenario.Parent).Vmas.Aggregate(0UL, (sum, vma) => sum + vma.End - vma.Start);
            Assert.Equal(errno != Errno.None || isPart || from == 4 ? 8192UL << 10 : whole, left);
            Assert.Equal(Errno.None, _scenario.Machine.Munmap(_scenario.Parent, Base, 65536 << 10).Errno);
        }

        _scenario.EndAll(_scenario.Parent);
    }

    /// <summary>MAP_HUGE_SHIFT: of the 63 sizes that the flags can name x86-64 has two, and 0 is 2 MiB.</summary>
    [Fact]
    public void Only_page_sizes_that_there_are_can_be_asked_for()
    {
        for (int shift = 0; shift < 64; shift++)
        {
            MapFlags flags = MapFlags.Private | MapFlags.NoReserve | (MapFlags)((uint)shift << 26);
            Errno expected = shift is 0 or 21 or 30 ? Errno.None : Errno.EINVAL;
            Assert.Equal((shift, expected), (shift, Map(flags, imposed: null).Errno));
            Assert.Equal((shift, expected), (shift, Map(flags, 0x7fff_0000_0000 - ((ulong)shift << 30)).Errno));
        }

        _scenario.EndAll(_scenario.Parent);
    }

    /// <summary>As 6.18.44 answers: a file has the pages it has, whatever size the flags name.</summary>
    [Theory]
    [InlineData(FileKind.Regular, MapFlags.HugeTlb, 0, Errno.EINVAL)]
    [InlineData(FileKind.Regular, MapFlags.None, 6, Errno.None)]
    [InlineData(FileKind.HugeTlb, MapFlags.HugeTlb, 6, Errno.None)]
    [InlineData(FileKind.HugeTlb, MapFlags.None, 6, Errno.None)]
    [InlineData(FileKind.HugeTlb, MapFlags.None, 30, Errno.None)]
    public void A_file_has_the_pages_it_has(FileKind kind, MapFlags huge, int shift, Errno expected)
    {
        Machine machine = _scenario.Machine;
        FileId file = machine.OpenFile(kind, 1, 2, 1 << 30, FileModes.Read | FileModes.Write);
        MapFlags flags = MapFlags.Shared | MapFlags.NoReserve | huge | (MapFlags)((uint)shift << 26);
        Assert.Equal(expected, machine.Mmap(_scenario.Parent, new MmapRequest(0, Page.Size, Protection.Read, flags, file)).Errno);
        ulong bytes = machine.Capture(_scenario.Parent).Vmas.Aggregate(0UL, (sum, vma) => sum + vma.End - vma.Start);
        Assert.Equal(expected != Errno.None ? 0 : kind == FileKind.HugeTlb ? 0x20_0000UL : Page.Size, bytes);
        machine.CloseFile(file);
        _scenario.EndAll(_scenario.Parent);
    }

    private static (VmaFlags Flags, ulong Bytes) Describe(VmaImage vma)
    {
        Assert.Equal(0UL, vma.Pgoff);
        return (vma.Flags, vma.End - vma.Start);
    }

    private SyscallResult Map(MapFlags type, ulong? imposed) => _scenario.Machine.Mmap(
        _scenario.Parent,
        new MmapRequest(0, Page.Size, Protection.Read | Protection.Write, type | Huge, Imposed: imposed));
}
