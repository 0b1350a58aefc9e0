using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>A copy of memory that a userfaultfd watches is not watched (userfaultfd_reset_ctx).</summary>
public sealed class UserfaultTests
{
    private const ulong Base = 0x7f00_0000_0000;
    private const ulong Bytes = 3 * Page.Size;
    private const VmaFlags Plain = VmaFlags.Read | VmaFlags.Write | VmaFlags.MayAccess | VmaFlags.Account;

    private readonly Machine _machine = Catalogue.Find("anon-vma-chain")!.Create(new MachineOptions());

    [Theory]
    [InlineData(VmaFlags.UffdMissing)]
    [InlineData(VmaFlags.UffdWp)]
    [InlineData(VmaFlags.UffdMinor)]
    public void AChildIsNotWatched(VmaFlags how)
    {
        MmId parent = Watched(how);
        Assert.Equal(Errno.None, _machine.Fork(parent, out MmId child).Errno);
        Assert.Equal(Plain | how, Assert.Single(_machine.Capture(parent).Vmas).Flags & (Plain | VmaFlags.Userfault));
        AssertPlain(child, Base, Base + Bytes);
    }

    [Theory]
    [InlineData(VmaFlags.UffdMissing)]
    [InlineData(VmaFlags.UffdMinor)]
    public void WhatHasMovedIsNotWatched(VmaFlags how)
    {
        MmId mm = Watched(how);
        const ulong Target = Base + (16 * Page.Size);
        MremapRequest move = new(Base, Bytes, Bytes, RemapFlags.MayMove | RemapFlags.Fixed, Target);
        Assert.Equal(Errno.None, _machine.Mremap(mm, move).Errno);
        AssertPlain(mm, Target, Target + Bytes);
    }

    // New memory beside it becomes one with it, which neither flags nor a context are left to prevent.
    private void AssertPlain(MmId mm, ulong start, ulong end)
    {
        Assert.Equal(VmaFlags.None, Assert.Single(_machine.Capture(mm).Vmas).Flags & VmaFlags.Userfault);
        MmapRequest beside = new(
            end, Bytes, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(Errno.None, _machine.Mmap(mm, beside).Errno);
        VmaImage vma = Assert.Single(_machine.Capture(mm).Vmas);
        Assert.Equal((start, end + Bytes), (vma.Start, vma.End));
        Assert.Null(_machine.Audit());
    }

    private MmId Watched(VmaFlags how)
    {
        VmaImage vma = new(Base, Base + Bytes, Plain | how, Base >> Page.Shift, default, 0, [])
        {
            Traits = VmaTraits.None with { Userfault = 7 },
        };
        Assert.Equal(Errno.None, _machine.CreateMm(new MmImage { Vmas = [vma], AnonVmas = [] }, out MmId mm).Errno);
        return mm;
    }
}
