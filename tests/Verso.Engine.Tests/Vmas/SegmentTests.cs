using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.Vmas;

/// <summary>System V segments: their VMAs are counted by the segment, so no merge deletes one.</summary>
public sealed class SegmentTests
{
    private readonly PageStage _scenario = new("anon-vma-chain");

    private MmId Mm => _scenario.Parent;

    private Machine Machine => _scenario.Machine;

    [Fact]
    public void A_split_attachment_stays_split()
    {
        Assert.Equal(PageStage.At(4), Attach(at: 4, flags: 0).Value);
        _scenario.Protect(Mm, 5, 1, Protection.Read);
        _scenario.Protect(Mm, 5, 1, Protection.Read | Protection.Write);
        Assert.Equal(3, _scenario.Live("vm_area_struct"));
    }

    [Fact]
    public void Detaching_takes_every_fragment_and_no_other_attachment()
    {
        Attach(at: 4, flags: 0);
        Attach(at: 7, flags: 0);
        _scenario.Unmap(Mm, 4, 1);
        _scenario.Protect(Mm, 5, 1, Protection.Read);
        Assert.Equal(Errno.None, Machine.Shmdt(Mm, PageStage.At(4)).Errno);
        Assert.Equal(PageStage.At(7), Assert.Single(Machine.Capture(Mm).Vmas).Start);
        Assert.Equal(Errno.EINVAL, Machine.Shmdt(Mm, PageStage.At(4)).Errno);
        Assert.Equal(Errno.None, Machine.Shmdt(Mm, PageStage.At(7)).Errno);
        _scenario.EndAll(Mm);
    }

    [Fact]
    public void An_occupied_place_needs_SHM_REMAP()
    {
        const uint Remap = 0x4000;
        _scenario.WithMemory(pages: 1, at: 5);
        Assert.Equal(Errno.EINVAL, Attach(at: 4, flags: 0).Errno);
        Assert.Equal(Errno.None, Attach(at: 4, flags: Remap).Errno);
        Assert.Equal(1, _scenario.Live("vm_area_struct"));
    }

    /// <summary>Attaches three pages.</summary>
    private SyscallResult Attach(int at, uint flags)
    {
        FileId file = Machine.OpenFile(FileKind.SharedMemory, 1, 1, 3 * Page.Size);
        SyscallResult result = Machine.Shmat(Mm, file, PageStage.At(at), flags);
        Machine.CloseFile(file);
        return result;
    }
}
