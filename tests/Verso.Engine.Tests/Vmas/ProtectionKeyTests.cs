using Verso.Engine.Tests.Pages;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>Protection keys: which are given out, and which one execute-only memory takes.</summary>
public sealed class ProtectionKeyTests
{
    private const int Keys = 16;
    private static readonly MachineOptions _keyed = new() { ProtectionKeys = ProtectionKeys.Present };

    [Fact]
    public void Keys_are_given_out_lowest_first_until_there_are_none()
    {
        PageStage stage = new("anon-vma-chain", _keyed);
        for (int key = 1; key < Keys; key++)
        {
            Assert.Equal(SyscallResult.Ok((ulong)key), stage.Machine.PkeyAlloc(stage.Parent, 0, 0));
        }

        Assert.Equal(Errno.ENOSPC, stage.Machine.PkeyAlloc(stage.Parent, 0, 0).Errno);
        Assert.Equal(Errno.None, stage.Machine.PkeyFree(stage.Parent, 7).Errno);
        Assert.Equal(Errno.EINVAL, stage.Machine.PkeyFree(stage.Parent, 7).Errno);
        Assert.Equal(SyscallResult.Ok(7), stage.Machine.PkeyAlloc(stage.Parent, 0, 0));
        Assert.Equal(Errno.EINVAL, stage.Machine.PkeyAlloc(stage.Parent, 1, 0).Errno);
        Assert.Equal(Errno.EINVAL, stage.Machine.PkeyAlloc(stage.Parent, 0, 4).Errno);
    }

    [Fact]
    public void Without_them_there_is_no_key_but_the_first()
    {
        PageStage stage = new("anon-vma-chain");
        stage.WithMemory(pages: 1);
        Assert.Equal(Errno.ENOSPC, stage.Machine.PkeyAlloc(stage.Parent, 0, 0).Errno);
        Assert.Equal(Errno.EINVAL, Protect(stage, Protection.Read, 1));
        Assert.Equal(Errno.None, Protect(stage, Protection.Exec));
        Assert.Equal(VmaFlags.None, KeyOf(stage));
        Assert.Equal(FaultOutcome.Done, stage.Machine.Fault(stage.Parent, PageStage.At(0), FaultAccess.Read));
    }

    [Fact]
    public void Execute_only_memory_takes_the_lowest_free_key_and_keeps_data_accesses_out()
    {
        PageStage stage = new("anon-vma-chain", _keyed);
        stage.WithMemory(pages: 1);
        Assert.Equal(SyscallResult.Ok(1), stage.Machine.PkeyAlloc(stage.Parent, 0, 0));
        Assert.Equal(Errno.None, Protect(stage, Protection.Exec));
        Assert.Equal(VmaFlags.PkeyBit1, KeyOf(stage));
        Assert.Equal(FaultOutcome.AccessError, stage.Machine.Fault(stage.Parent, PageStage.At(0), FaultAccess.Read));
        Assert.Equal(FaultOutcome.Done, stage.Machine.Fault(stage.Parent, PageStage.At(0), FaultAccess.Execute));

        // It is the kernel's own: neither given to a caller nor taken back.
        Assert.Equal(Errno.EINVAL, Protect(stage, Protection.Read, 2));
        Assert.Equal(Errno.EINVAL, stage.Machine.PkeyFree(stage.Parent, 2).Errno);
        Assert.Equal(Errno.None, Protect(stage, Protection.Read));
        Assert.Equal(VmaFlags.None, KeyOf(stage));
        Assert.Equal(Errno.None, Protect(stage, Protection.Read, 1));
        Assert.Equal(Errno.None, Protect(stage, Protection.Read | Protection.Write));
        Assert.Equal(VmaFlags.PkeyBit0, KeyOf(stage));
        stage.Check();
    }

    private static Errno Protect(PageStage stage, Protection protection, int key = -1) =>
        stage.Machine.Mprotect(stage.Parent, PageStage.At(0), Page.Size, protection, key).Errno;

    private static VmaFlags KeyOf(PageStage stage) =>
        Assert.Single(stage.Machine.Capture(stage.Parent).Vmas).Flags & VmaFlags.Pkey;
}
