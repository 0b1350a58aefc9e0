using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>
/// [vvar] and [vdso], as 6.18.44 has them (VmFlags "rd mr pf io de dd" and "rd ex mr mw me de"): they cannot be split,
/// and a move leaves the page offset alone.
/// </summary>
public sealed class SpecialMappingTests
{
    private const ulong Data = 0x7fff_f7fb_0000;
    private const ulong Text = Data + (4 * Page.Size);
    private const ulong Elsewhere = 0x7fff_0000_0000;

    private readonly Machine _machine = Catalogue.Find("anon-vma-chain")!.Create(new MachineOptions());
    private readonly MmId _mm;

    public SpecialMappingTests() =>
        Assert.Equal(Errno.None, _machine.CreateMm(new MmImage { Vmas = Layout, AnonVmas = [] }, out _mm).Errno);

    public static TheoryData<ulong> Both => [Data, Text];

    private static VmaImage[] Layout =>
    [
        new(
            Data, Text,
            VmaFlags.Read | VmaFlags.MayRead | VmaFlags.PfnMap | VmaFlags.Io | VmaFlags.DontExpand | VmaFlags.DontDump,
            0, default, 0, []),
        new(
            Text, Text + (2 * Page.Size),
            VmaFlags.Read | VmaFlags.Exec | VmaFlags.MayAccess | VmaFlags.DontExpand, 0, default, 0, []),
    ];

    [Theory]
    [MemberData(nameof(Both))]
    public void APartCannotBeUnmappedProtectedAdvisedOrMoved(ulong start)
    {
        Assert.Equal(Errno.EINVAL, _machine.Munmap(_mm, start, Page.Size).Errno);
        Assert.Equal(Errno.EINVAL, _machine.Mprotect(_mm, start, Page.Size, Protection.None).Errno);
        Assert.Equal(Errno.EINVAL, _machine.Madvise(_mm, start, Page.Size, Advice.DontFork).Errno);
        Assert.Equal(Errno.EINVAL, Move(start, 1).Errno);
        Assert.Equal(2, _machine.Capture(_mm).Vmas.Count);
    }

    [Fact]
    public void AllOfOneCanBeMovedProtectedAndUnmapped()
    {
        Assert.Equal(SyscallResult.Ok(Elsewhere), Move(Text, 2));
        Assert.Equal(0UL, _machine.Capture(_mm).Vmas.Single(vma => vma.Start == Elsewhere).Pgoff);
        Assert.Equal(Errno.None, _machine.Mprotect(_mm, Elsewhere, 2 * Page.Size, Protection.Read).Errno);
        Assert.Equal(Errno.None, _machine.Munmap(_mm, Elsewhere, 2 * Page.Size).Errno);
        Assert.Equal(Data, Assert.Single(_machine.Capture(_mm).Vmas).Start);
    }

    private SyscallResult Move(ulong start, ulong pages) => _machine.Mremap(_mm, new MremapRequest(
        start, pages * Page.Size, pages * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, Elsewhere));
}
