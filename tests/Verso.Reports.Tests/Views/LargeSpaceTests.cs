using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Reports.Model;
using Verso.Reports.Views;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Tests.Views;

/// <summary>Address spaces of tens of thousands of VMAs: what is put together is said, and nothing is left out.</summary>
public sealed class LargeSpaceTests
{
    private const int Vmas = 60_000;
    private const ulong AnonVma = 0xffff_8880_0000_1000;

    [Theory]
    [InlineData(false, "that the same keeps apart are one")]
    [InlineData(true, "are one, with what keeps most of them apart")]
    public void BoxesOfAStripHaveAllVmas(bool hasHoles, string said)
    {
        ProcessGraph process = Process(hasHoles);
        SpaceExplanation space = SpaceExplanation.Of(process, [], 65530, KernelRules.Reference);
        Section section = SpaceView.Of([("now", space)], "moment", "")!;
        Chart chart = Assert.Single(section.Blocks.OfType<Chart>());
        Table strip = Assert.Single(chart.Choices);
        Assert.InRange(strip.Rows.Count, 1000, 3000);
        Assert.Equal(Vmas, strip.Rows.Sum(row => row[6].Count!.Value));
        Assert.Contains(said, strip.Hidden);
        Assert.Contains("A box is some VMAs", chart.Description);
        Assert.Equal((long?)(long)process.Image.Vmas[0].Start, strip.Rows[0][0].Count);
        Assert.Equal((long?)(long)process.Image.Vmas[^1].End, strip.Rows[^1][1].Count);
    }

    [Fact]
    public void DotsOfAMatrixStandForAllLinks()
    {
        FamilyGraph graph = FamilyGraph.Of(new Snapshot
        {
            Header = new SnapshotHeader { Kernel = "6.18.44", MaxMapCount = 65530 },
            Files = [],
            Processes = [Process(hasHoles: false)],
        });
        Section section = GraphView.Of([("now", graph)], [], "moment", "")!;
        Table matrix = section.Blocks.OfType<Chart>().Single(chart => chart.Kind == ChartKind.Matrix).Choices[0];
        Assert.InRange(matrix.Rows.Count, 2500, 5000);
        Assert.Equal("a row is 16 of 60,000 VMAs, and a dot the anon_vma_chains of all of them", matrix.Hidden);
        Assert.EndsWith(" +15", matrix.Rows[^1][1].Text);
    }

    /// <summary>Neighbours that differ in their flags; with holes each second pair has one in place of that.</summary>
    private static ProcessGraph Process(bool hasHoles)
    {
        List<VmaImage> vmas = [];
        ulong at = 0x7000_0000_0000;
        for (int number = 0; number < Vmas; number++)
        {
            VmaFlags flags = VmaFlags.Read | VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExec
                | (number % 2 == 0 ? VmaFlags.Write : VmaFlags.None);
            vmas.Add(new VmaImage(at, at + Page.Size, flags, at >> Page.Shift, default, AnonVma, [AnonVma]));
            at += hasHoles && number % 2 == 1 ? 2UL * Page.Size : Page.Size;
        }

        return new ProcessGraph(
            1,
            "large",
            1,
            new MmImage { Vmas = vmas, AnonVmas = [new AnonVmaImage(AnonVma, AnonVma, 0, 0, Vmas)] },
            GraphReading.Whole);
    }
}
