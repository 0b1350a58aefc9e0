using System.Globalization;
using Verso.Engine;
using Verso.Linux.Graph;
using Verso.Linux.Proc;

namespace Verso.Linux.Tests;

/// <summary>The state of pages of a live process, told by Programs/pages.c what is there.</summary>
public sealed class PageReaderTests
{
    private const int Written = 0;
    private const int Zero = 1;
    private const int Guard = 2;
    private const int WrittenByChild = 3;
    private const int Untouched = 4;
    private const int SharedPage = 8;
    private const int Far = 990;

    [Fact]
    public void EveryKindOfPage()
    {
        using var reader = Open();
        using var program = new DrivenProgram("pages");
        var start = Address(program.ReadLine());
        using var target = reader.Watch(program.Id)!;
        var pages = new KernelPage[1000];

        Assert.True(reader.Read(target, start, pages));
        AssertAnonymous(pages[Written], 1, KernelPageFlags.Exclusive);
        Assert.Equal(
            ZeroPageProbe.Ask() == ZeroPages.Mapped ? PagePresence.ZeroPage : PagePresence.Present, pages[Zero].Presence);
        Assert.Equal(PagePresence.Guard, pages[Guard].Presence);
        Assert.Equal(default, pages[Untouched] with { Flags = 0 });
        AssertAnonymous(pages[Far], 1, KernelPageFlags.Exclusive);
        Assert.Equal(PagePresence.Present, pages[SharedPage].Presence);
        Assert.Equal(1, pages[SharedPage].MapCount);
        Assert.False(pages[SharedPage].IsAnonymous);
        Assert.True(pages[SharedPage].Flags.HasFlag(KernelPageFlags.File));
    }

    [Fact]
    public void ForkCopyAndReuse()
    {
        using var reader = Open();
        using var program = new DrivenProgram("pages");
        var start = Address(program.ReadLine());
        using var target = reader.Watch(program.Id)!;
        var before = new KernelPage[1000];
        Assert.True(reader.Read(target, start, before));

        program.WriteLine();
        using var child = reader.Watch(int.Parse(program.ReadLine(), CultureInfo.InvariantCulture))!;
        var parents = new KernelPage[1000];
        var childs = new KernelPage[1000];
        Assert.True(reader.Read(target, start, parents));
        Assert.True(reader.Read(child, start, childs));
        Assert.Equal(before[Written].Frame, parents[Written].Frame);
        Assert.Equal(parents[Written].Frame, childs[Written].Frame);
        AssertAnonymous(parents[Written], 2, 0);
        AssertAnonymous(childs[Far], 2, 0);
        AssertAnonymous(parents[WrittenByChild], 1, 0);
        AssertAnonymous(childs[WrittenByChild], 1, KernelPageFlags.Exclusive);
        Assert.NotEqual(parents[WrittenByChild].Frame, childs[WrittenByChild].Frame);
        Assert.Equal(PagePresence.Guard, childs[Guard].Presence);

        program.WriteLine();
        Assert.Equal("alone", program.ReadLine());
        Assert.False(reader.Read(child, start, childs));
        Assert.True(reader.Read(target, start, parents));
        AssertAnonymous(parents[Written], 1, KernelPageFlags.Exclusive);
        Assert.Equal(before[Written].Frame, parents[Written].Frame);
        AssertAnonymous(parents[WrittenByChild], 1, 0);
    }

    [Fact]
    public void AnExecIsNoticedAndAnExitToo()
    {
        using var reader = Open();
        using var program = new DrivenProgram("pages");
        var start = Address(program.ReadLine());
        using var target = reader.Watch(program.Id)!;
        program.WriteLine();
        _ = program.ReadLine();
        program.WriteLine();
        _ = program.ReadLine();
        var pages = new KernelPage[1];
        Assert.True(reader.Read(target, start, pages));
        AssertAnonymous(pages[0], 1, KernelPageFlags.Exclusive);

        program.WriteLine();
        program.WaitForCommand("cat");
        Assert.True(reader.Read(target, start, pages));
        Assert.Equal(PagePresence.Empty, pages[0].Presence);
        program.Kill();
        Assert.False(reader.Read(target, start, pages));
        Assert.Null(reader.Watch(program.Id));
    }

    [Fact]
    public void ReadingAllocatesNothing()
    {
        using var reader = Open();
        using var program = new DrivenProgram("pages");
        var start = Address(program.ReadLine());
        using var target = reader.Watch(program.Id)!;
        var pages = new KernelPage[1000];
        Assert.True(reader.Read(target, start, pages));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = reader.Read(target, start, pages);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void ARangeBeyondUserSpaceIsRefused()
    {
        using var reader = Open();
        using var target = reader.Watch(Environment.ProcessId)!;
        Assert.False(reader.Read(target, (1UL << 47) - Page.Size, new KernelPage[4]));
        Assert.Null(reader.Watch(int.MaxValue));
    }

    private static PageReader Open()
    {
        if (PageReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }

        return PageReader.Open();
    }

    private static ulong Address(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, null);

    private static void AssertAnonymous(KernelPage page, int count, KernelPageFlags exclusive)
    {
        Assert.Equal(PagePresence.Present, page.Presence);
        Assert.Equal(count, page.MapCount);
        Assert.Equal(
            KernelPageFlags.Anonymous | exclusive,
            page.Flags & (KernelPageFlags.Anonymous | KernelPageFlags.Exclusive));
        Assert.NotEqual(0UL, page.Frame);
    }
}
