using System.Diagnostics;
using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>Graphs of families of processes, of processes at work, and what decides merges.</summary>
public sealed class GraphReaderFamilyTests
{
    [Theory]
    [InlineData(1, 480)]
    [InlineData(2, 480)]
    [InlineData(12, 3)]
    [InlineData(13, 3)]
    [InlineData(490, 480)]
    public void EveryGenerationIsInTheChain(int depth, int entriesOfARound)
    {
        using var reader = GraphReaderTests.Open(entriesOfARound);
        using var program = new DrivenProgram("depth", depth.ToString(CultureInfo.InvariantCulture));
        var words = program.ReadLine().Split(' ');
        var pid = int.Parse(words[0], CultureInfo.InvariantCulture);
        using var target = reader.Watch(pid);
        var image = reader.Read(target)!;
        var address = ulong.Parse(words[1].AsSpan(2), NumberStyles.HexNumber, null);
        var vma = image.Vmas.Single(vma => vma.Start <= address && address < vma.End);
        var nodes = image.AnonVmas.ToDictionary(node => node.Id);

        Assert.Equal(depth, vma.Chain.Count);
        Assert.Equal(vma.AnonVma, vma.Chain[0]);
        for (var at = 0; at < depth; at++)
        {
            var node = nodes[vma.Chain[at]];
            var isRoot = at == depth - 1;
            Assert.Equal(vma.Chain[^1], node.Root);
            Assert.Equal(isRoot ? node.Id : vma.Chain[at + 1], node.Parent);
            Assert.Equal((at > 0 ? 1 : 0) + (isRoot ? 1 : 0), node.ChildCount);
            Assert.Equal(1, node.ActiveVmaCount);
            Assert.Equal(isRoot ? depth : 1, node.RefCount);
        }

        var again = reader.ReadAll()[pid];
        Assert.Equal(image.Vmas.Count, again.Vmas.Count);
        Assert.Equal(vma.Chain, again.Vmas.Single(other => other.Start == vma.Start).Chain);
        program.Finish();
    }

    [Fact]
    public void WhatElseDecidesMergesIsTold()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("traits");
        var words = program.ReadLine().Split(' ');
        var start = ulong.Parse(words[0].AsSpan(2), NumberStyles.HexNumber, null);
        var image = reader.Read(program.Id)!;
        VmaTraits At(int page) =>
            image.Vmas.Single(vma => vma.Start <= start + ((ulong)page * Page.Size)
                && start + ((ulong)page * Page.Size) < vma.End).Traits;

        const ulong Bind = 2;
        const ulong Interleave = 3;
        Assert.Same(VmaTraits.None, At(0));
        Assert.Equal(Bind, At(1).PolicyMode & 0xffff);
        Assert.Equal(1UL, At(1).PolicyNodes);
        Assert.Equal(Interleave, At(3).PolicyMode & 0xffff);
        Assert.NotEqual(0UL, At(5).Userfault);
        Assert.Equal(0UL, At(5).PolicyMode);

        // Where the kernel has names (CONFIG_ANON_VMA_NAME) it was given one; maps says whether it has.
        var isNamed = File.ReadAllText($"/proc/{program.Id}/maps").Contains("[anon:two]", StringComparison.Ordinal);
        Assert.Equal(isNamed ? "two" : null, At(2).Name);
        Assert.All(image.Vmas.Where(vma => !vma.File.IsNone), vma => Assert.NotEqual(0UL, vma.Traits.Operations));
        var closes = ulong.Parse(words[1].AsSpan(2), NumberStyles.HexNumber, null);
        Assert.Contains(image.Vmas, vma => vma.Start == closes && vma.Traits.Close == CloseOperation.Set);
        Assert.Contains(image.Vmas, vma => !vma.File.IsNone && vma.Traits.Close == CloseOperation.None);
    }

    [Fact]
    public void ProcessesAtWorkNeverBreakAReading()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("churn");
        Assert.Equal("churning", program.ReadLine());
        using var target = reader.Watch(program.Id);
        var readings = 0;
        for (var clock = Stopwatch.StartNew(); readings < 3 || clock.Elapsed < TimeSpan.FromSeconds(2); readings++)
        {
            Check(reader.Read(target)!);
            Assert.All(reader.ReadProcesses(), process => Check(process.Image));
        }

        program.WriteLine();
    }

    [Fact]
    public void AReadingThatIsWholeIsOfOneMoment()
    {
        // Each move is one call, so at every moment the page is at one of the two addresses.
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("pendulum");
        var ends = program.ReadLine().Split(' ').Select(
            word => ulong.Parse(word.AsSpan(2), NumberStyles.HexNumber, null)).ToArray();
        var whole = 0;
        var changed = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(20) && (whole < 50 || changed < 5);)
        {
            foreach (var process in reader.ReadProcesses([program.Id]))
            {
                Check(process.Image);
                var found = process.Image.Vmas.Count(vma => ends.Contains(vma.Start));
                Assert.True(process.Reading == GraphReading.Changed || found == 1, $"whole, but the page is {found} times");
                whole += process.Reading == GraphReading.Whole ? 1 : 0;
                changed += process.Reading == GraphReading.Changed ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} whole, {changed} changed");
        Assert.True(whole > 0, "no reading was of one moment");
        Assert.True(changed > 0, "no reading met a change");
    }

    private static void Check(MmImage image)
    {
        var last = 0UL;
        foreach (var vma in image.Vmas)
        {
            Assert.True(vma.Start >= last && vma.End > vma.Start, $"{vma} after {last:x}");
            last = vma.End;
        }

        var nodes = image.AnonVmas.Select(node => node.Id).ToHashSet();
        Assert.Equal(nodes.Count, image.AnonVmas.Count);
        Assert.All(image.Vmas.SelectMany(vma => vma.Chain), id => Assert.Contains(id, nodes));
    }
}
