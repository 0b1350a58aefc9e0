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

    private static (VmaFlags Flags, ulong Bytes) Describe(VmaImage vma)
    {
        Assert.Equal(0UL, vma.Pgoff);
        return (vma.Flags, vma.End - vma.Start);
    }

    private SyscallResult Map(MapFlags type, ulong? imposed) => _scenario.Machine.Mmap(
        _scenario.Parent,
        new MmapRequest(0, Page.Size, Protection.Read | Protection.Write, type | Huge, Imposed: imposed));
}
