using System.Text;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>Trees with a line a node.</summary>
public sealed class TreeLinesTests
{
    [Fact]
    public void ChildrenBeyondTheMostAreCounted()
    {
        TreeLines<int> tree = new(node => node < 10 ? [10 * node, (10 * node) + 1, (10 * node) + 2] : [], node => $"n{node}", most: 2);
        StringBuilder text = new();
        tree.Append(text, "", [1], TreeTop.First);
        Assert.Equal("n1\n├── n10\n├── n11\n└── and 1 more\n", text.ToString());
    }

    [Fact]
    public void ATreeDeeperThanAPageIsWideEnds()
    {
        TreeLines<int> line = new(node => [node + 1], node => $"n{node}", most: 2);
        StringBuilder text = new();
        line.Append(text, "  ", [1], TreeTop.BelowALine);
        string[] lines = text.ToString().TrimEnd().Split('\n');
        Assert.StartsWith("  └── n1", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("└── ...", lines[^1], StringComparison.Ordinal);
        Assert.Equal(13, lines.Length);
    }
}
