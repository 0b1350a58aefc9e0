using System.Text;

namespace Verso.Reports.Text;

/// <summary>Whether the first nodes hang below a line that is already there.</summary>
internal enum TreeTop
{
    /// <summary>They begin the tree.</summary>
    First,

    /// <summary>They have a parent above.</summary>
    BelowALine,
}

/// <summary>A tree with a line a node, drawn with <c>├──</c>; of each node at most so many children.</summary>
internal sealed class TreeLines<T>(Func<T, IReadOnlyList<T>> children, Func<T, string> describe, int most)
{
    /// <summary>What is further down is left out: trees may be deeper than any page is wide.</summary>
    private const int DepthLimit = 12;

    internal void Append(StringBuilder text, string indent, IReadOnlyList<T> first, TreeTop top)
    {
        if (top == TreeTop.BelowALine)
        {
            AppendBelow(text, indent, first, 1);
            return;
        }

        foreach (T node in first)
        {
            text.Append(indent).Append(describe(node)).Append('\n');
            AppendBelow(text, indent, children(node), 1);
        }
    }

    private void AppendBelow(StringBuilder text, string indent, IReadOnlyList<T> nodes, int depth)
    {
        if (depth > DepthLimit && nodes.Count > 0)
        {
            text.Append(indent).Append("└── ...\n");
            return;
        }

        int shown = Math.Min(nodes.Count, most);
        for (int at = 0; at < shown; at++)
        {
            bool isLast = at == nodes.Count - 1;
            text.Append(indent).Append(isLast ? "└── " : "├── ").Append(describe(nodes[at])).Append('\n');
            AppendBelow(text, indent + (isLast ? "    " : "│   "), children(nodes[at]), depth + 1);
        }

        if (shown < nodes.Count)
        {
            text.Append(indent).Append($"└── and {Figures.Count(nodes.Count - shown)} more\n");
        }
    }
}
