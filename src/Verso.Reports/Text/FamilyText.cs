using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>Families of processes as trees.</summary>
internal static class FamilyText
{
    /// <summary>The families of several processes, those that take the most first.</summary>
    internal static void Append(StringBuilder text, FamilyGraph graph, int top, Palette palette)
    {
        Family[] several = [.. graph.Families.Where(family => family.Spaces.Count > 1)];
        int alone = graph.Families.Count - several.Length;
        text.Append('\n').Append(palette.Bold("fork families")).Append('\n');
        foreach (Family family in several.Take(top))
        {
            AppendFamily(text, family, top);
        }

        if (several.Length > top)
        {
            text.Append($"  and {Figures.Plural(several.Length - top, "family", "families")} more\n");
        }

        if (alone > 0)
        {
            text.Append($"  {Figures.Plural(alone, "process shares", "processes share")} no anon_vma with another\n");
        }
    }

    private static void AppendFamily(StringBuilder text, Family family, int top)
    {
        text.Append($"  {Figures.Plural(family.Spaces.Count, "process", "processes")}, ")
            .Append($"{Figures.Plural(family.Roots, "root", "roots")}, ")
            .Append($"{Figures.Plural(family.AnonVmas, "anon_vma", "anon_vmas")}")
            .Append(family.Orphans > 0 ? $" ({Figures.Count(family.Orphans)} of ended processes)" : "")
            .Append($", {Figures.Plural(family.ChainEntries, "chain", "chains")}, ")
            .Append($"longest {Figures.Count(family.LongestChain)}: {Figures.Bytes(family.Bytes)}\n");
        SpaceNode[] heads = [.. family.Heads];
        ILookup<SpaceNode?, SpaceNode> children = family.Spaces.ToLookup(space => space.Parent);
        bool ended = heads.Length > 1;
        if (ended)
        {
            text.Append("    (ended)\n");
        }

        TreeLines<SpaceNode> tree = new(space => [.. children[space]], Describe, top);
        tree.Append(text, "    ", heads, ended ? TreeTop.BelowALine : TreeTop.First);
    }

    private static string Describe(SpaceNode space) =>
        $"{RmapText.NameOf(space)}: {Figures.Plural(space.Vmas, "VMA", "VMAs")}, "
        + $"{Figures.Plural(space.OwnAnonVmas, "anon_vma", "anon_vmas")}, "
        + $"{Figures.Plural(space.ChainEntries, "chain", "chains")}, {Figures.Bytes(space.ReverseMapBytes)}";
}
