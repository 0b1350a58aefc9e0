using Verso.Engine.Images;
using Verso.Engine.Tests.Pages;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>PR_SET_VMA_ANON_NAME where scenarios do not reach: limits, other machines, images, the verdict.</summary>
public sealed class NameTests
{
    private const ulong Six = 6 * Page.Size;

    private static readonly VmaImage _plain = new(
        PageStage.At(0), PageStage.At(3), VmaFlags.Read | VmaFlags.Write, PageStage.At(0) >> Page.Shift, default, 0, []);

    /// <summary>Engines of kernels without the option refuse whatever they are asked.</summary>
    [Fact]
    public void A_machine_without_names_refuses_all()
    {
        PageStage stage = new("anon-vma-chain", new MachineOptions { Names = AnonymousNames.Refused });
        stage.WithMemory(pages: 6);
        Assert.Equal(Errno.EINVAL, Name(stage, 0, 3, "heap"));
        Assert.Equal(Errno.EINVAL, Name(stage, 0, 3, null));
        Assert.Equal(Errno.EINVAL, stage.Machine.SetName(stage.Parent, 0, 0, null).Errno);
        Assert.Null(Assert.Single(stage.Machine.Capture(stage.Parent).Vmas).Traits.Name);
    }

    [Theory]
    [MemberData(nameof(PageStage.Designs), MemberType = typeof(PageStage))]
    public void Neighbours_differ_by_name_alone_until_it_goes(string design)
    {
        PageStage stage = new(design);
        stage.WithMemory(pages: 6);
        Assert.Equal(Errno.None, Name(stage, 3, 3, "heap"));
        Assert.Equal(MergeTests.Name, stage.Machine.VerdictsAt(stage.Parent, PageStage.At(3))!.Value.Kinder.Failed);
        Assert.Equal([null, "heap"], stage.Machine.Capture(stage.Parent).Vmas.Select(vma => vma.Traits.Name));
        Assert.Equal(Errno.None, Name(stage, 3, 3, null));
        Assert.Single(stage.Machine.Capture(stage.Parent).Vmas);
        stage.EndAll(stage.Parent);
    }

    /// <summary>
    /// madvise's walk says EAGAIN where a split fails, and leaves nothing named.
    /// </summary>
    [Fact]
    public void A_split_beyond_the_limit_is_refused()
    {
        PageStage stage = new("anon-vma-chain", new MachineOptions { MaxMapCount = 2 });
        stage.WithMemory(pages: 6);
        Assert.Equal(Errno.EAGAIN, Name(stage, 2, 2, "heap"));
        Assert.All(stage.Machine.Capture(stage.Parent).Vmas, vma => Assert.Null(vma.Traits.Name));
        Assert.Equal(Errno.None, Name(stage, 0, 6, "heap"));
        stage.Check();
    }

    /// <summary>Names are compared by what they say, whether an image or a call brought them.</summary>
    [Fact]
    public void Names_of_images_and_of_calls_are_the_same()
    {
        PageStage stage = new("anon-vma-chain");
        MmImage image = new()
        {
            Vmas =
            [
                _plain with { Traits = VmaTraits.None with { Name = "heap" } },
                _plain with
                {
                    Start = PageStage.At(3), End = PageStage.At(6), Pgoff = PageStage.At(3) >> Page.Shift,
                },
            ],
            AnonVmas = [],
        };
        Assert.Equal(Errno.None, stage.Machine.CreateMm(image, out MmId mm).Errno);
        Assert.Equal(2, stage.Machine.Capture(mm).Vmas.Count);
        Assert.Equal(Errno.None, stage.Machine.SetName(mm, PageStage.At(3), 3 * Page.Size, "heap").Errno);
        VmaImage one = Assert.Single(stage.Machine.Capture(mm).Vmas);
        Assert.Equal(("heap", Six), (one.Traits.Name, one.End - one.Start));
    }

    [Theory]
    [InlineData(1UL, Six, Errno.EINVAL)]
    [InlineData(0UL, ulong.MaxValue - 100, Errno.EINVAL)]
    [InlineData(ulong.MaxValue & ~0xfffUL, 2UL * Page.Size, Errno.EINVAL)]
    [InlineData(0UL, 0UL, Errno.None)]
    public void Odd_ranges(ulong address, ulong length, Errno errno) =>
        Assert.Equal(errno, new PageStage("anon-vma-chain").Machine.SetName(new MmId(1), address, length, "a").Errno);

    private static Errno Name(PageStage stage, int page, int pages, string? name) =>
        stage.Machine.SetName(stage.Parent, PageStage.At(page), (ulong)pages * Page.Size, name).Errno;
}
