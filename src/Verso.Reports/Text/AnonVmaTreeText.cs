using System.Globalization;
using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>One tree of anon_vmas, by their parents.</summary>
internal static class AnonVmaTreeText
{
    /// <summary>The tree, if it is more than its root.</summary>
    internal static void Append(
        StringBuilder text, FamilyGraph graph, RootNode root, string title, int top, Palette palette)
    {
        if (root.AnonVmas <= 1)
        {
            return;
        }

        ILookup<AnonVmaNode?, AnonVmaNode> children = graph.AnonVmas
            .Where(node => node.Root == root.Root && node != root.Root).ToLookup(node => node.Parent);
        TreeLines<AnonVmaNode> tree = new(node => [.. children[node]], node => Describe(graph, node), top);
        text.Append('\n').Append(palette.Bold($"{title}: {Number(root.Root)}")).Append('\n');
        tree.Append(text, "  ", [root.Root], TreeTop.First);
    }

    private static string Describe(FamilyGraph graph, AnonVmaNode node)
    {
        string owner = node.Owner is { } space ? RmapText.NameOf(space) : "(ended)";
        int spaces = graph.TreeOf(node).Select(entry => entry.Space).Distinct().Count();
        return $"{Number(node)} {owner}: {Figures.Plural(node.ActiveVmas, "VMA", "VMAs")} of its own, "
            + $"{Figures.Count(node.TreeSize)} in its tree of {Figures.Plural(spaces, "process", "processes")}";
    }

    private static string Number(AnonVmaNode node) => string.Create(CultureInfo.InvariantCulture, $"#{node.Number}");
}
