using Verso.Engine.Vmas;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>A VMA on a line.</summary>
public sealed class VmaTextTests
{
    [Theory]
    [InlineData(VmaFlags.None, "---p")]
    [InlineData(VmaFlags.Read | VmaFlags.Write, "rw-p")]
    [InlineData(VmaFlags.Read | VmaFlags.Exec, "r-xp")]
    [InlineData(VmaFlags.Read | VmaFlags.MayShare, "r--s")]
    public void PermissionsAreThoseOfMaps(VmaFlags flags, string text) => Assert.Equal(text, VmaText.Permissions(flags));

    [Fact]
    public void NamesOfNodesAreShortAndNeverTheSame()
    {
        ChainNames names = new();
        string[] all = [.. Enumerable.Range(0, 200).Select(at => names.Of((ulong)(1000 - at)))];
        Assert.Equal(["A", "B"], all[..2]);
        Assert.Equal(["Z", "A1"], all[25..27]);
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal("B", names.Of(999));
    }

    [Fact]
    public void StatesOfScenariosAreReadBack()
    {
        DrawnVma[] vmas = DrawnVma.ParseAll("4+3 rw,locked,mayshare f@3 2(2,1) .x1 | 10+1025 -- - ?...");
        Assert.Equal(2, vmas.Length);
        Assert.Equal((4L, 6L, "rw", "lo", "f@3", "2(2,1)", ".x1"),
            (vmas[0].First, vmas[0].Last, vmas[0].Access, vmas[0].Flags, vmas[0].Behind, vmas[0].Graph, vmas[0].Cells));
        Assert.Equal((1034L, "-", ""), (vmas[1].Last, vmas[1].Graph, vmas[1].Cells));
        Assert.Empty(DrawnVma.ParseAll(""));
    }

    [Fact]
    public void PagesHaveTheirColumnInEveryPicture()
    {
        DrawingGrid grid = new(DrawnVma.ParseAll("4+2 rw - .. | 100+1000 -- - ?..."));
        Assert.Equal(0, grid.ColumnOf(4));
        Assert.Equal(DrawingGrid.CellWidth, grid.ColumnOf(5));
        Assert.Equal(-1, grid.ColumnOf(6));
        Assert.Equal(-1, grid.ColumnOf(500));
        Assert.True(grid.ColumnOf(1099) > grid.ColumnOf(111));
        Assert.Equal(" 4", grid.Header[1..3]);
        Assert.Equal(2, grid.Header.Split(" ~ ").Length - 1);
    }
}
