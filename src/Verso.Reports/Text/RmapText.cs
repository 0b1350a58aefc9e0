using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Lab.Families;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>What the reverse map costs and whose it is, for people.</summary>
public static class RmapText
{
    /// <summary>All sections; lists have at most <paramref name="top"/> entries each.</summary>
    public static string Render(ReverseMapCosts costs, int top, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        AppendTotals(text, costs, palette);
        if (costs.Graph.Spaces.Count > 0)
        {
            AppendProcesses(text, costs, top, width, palette);
            FilePagesText.AppendTable(text, costs.Summary.FileMappings, top, width, palette);
        }

        if (costs.Graph.AnonVmas.Count > 0)
        {
            FamilyText.Append(text, costs.Graph, top, palette);
            AppendRoots(text, costs.Graph, top, width, palette);
            AppendWalks(text, costs, width, palette);
            AppendWorst(text, costs, top, width, palette);
        }

        if (costs.Designs.Count > 0)
        {
            HoldingsText.AppendDesigns(text, costs, width, palette);
        }

        if (costs.Slabs.Count > 0)
        {
            HoldingsText.AppendSlabs(text, costs, width, palette);
        }

        return text.ToString();
    }

    /// <summary>The processes that share an address space: <c>4711 redis-server</c>, <c>4711 sh, 4712 sh</c>.</summary>
    internal static string NameOf(SpaceNode space)
    {
        IEnumerable<string> names = space.Processes.Take(2).Select(process => string.Create(
            CultureInfo.InvariantCulture, $"{process.Pid} {Printable.Of(process.Command)}"));
        return string.Join(", ", names)
            + (space.Processes.Count > 2 ? $" and {Figures.Count(space.Processes.Count - 2)} more" : "");
    }

    /// <summary>A number with one decimal: 1.0, 12.5.</summary>
    internal static string Mean(double value) => value.ToString("N1", CultureInfo.InvariantCulture);

    private static void AppendTotals(StringBuilder text, ReverseMapCosts costs, Palette palette)
    {
        FamilyGraph graph = costs.Graph;
        SnapshotHeader header = graph.Snapshot.Header;
        text.Append(palette.Bold($"reverse map of {Printable.Of(header.Selection)}"))
            .Append($", Linux {Printable.Of(header.Kernel)}")
            .Append($", {Figures.Moment(header.TakenUnixSeconds)}\n");
        text.Append($"  {Figures.Plural(graph.Snapshot.Processes.Count, "process", "processes")}, ")
            .Append($"{Figures.Plural(graph.Spaces.Count, "address space", "address spaces")}, ")
            .Append($"{Figures.Plural(graph.Vmas, "VMA", "VMAs")}: ")
            .Append($"{Figures.Bytes(graph.Vmas * SnapshotSummary.VmaBytes)}\n");
        int orphans = graph.AnonVmas.Count(node => node.Owner is null);
        text.Append($"  {Figures.Plural(graph.AnonVmas.Count, "anon_vma", "anon_vmas")}: ")
            .Append(Figures.Bytes((long)graph.AnonVmas.Count * SnapshotSummary.AnonVmaBytes))
            .Append($", in {Figures.Plural(graph.Roots.Count, "tree", "trees")}")
            .Append(orphans == 0 ? "\n" : $"; {Figures.Count(orphans)} without a living owner\n");
        text.Append($"  {Figures.Plural(graph.ChainEntries, "anon_vma_chain", "anon_vma_chains")}: ")
            .Append($"{Figures.Bytes(graph.ChainEntries * SnapshotSummary.ChainEntryBytes)}\n");
        text.Append($"  total {Figures.Bytes(graph.Bytes)} for the reverse map");
        if (graph.Spaces.Count > 0 && graph.Spaces.All(space => space.Process.Memory is not null))
        {
            long tables = graph.Spaces.Sum(space => space.Process.Memory!.PageTableBytes);
            text.Append($"; page tables take {Figures.Bytes(tables)}");
        }

        text.Append('\n');
        FilePagesText.AppendTotals(text, costs.Summary.FileMappings);
        AppendNotes(text, costs);
    }

    private static void AppendNotes(StringBuilder text, ReverseMapCosts costs)
    {
        if (costs.Graph.PartialCount > 0)
        {
            text.Append($"  {Figures.Plural(costs.Graph.PartialCount, "anon_vma is", "anon_vmas are")} shared with ")
                .Append("processes that were not read: trees and families are larger than shown\n");
        }

        if (costs.Summary.Changed.Count > 0)
        {
            text.Append($"  {Figures.Plural(costs.Summary.Changed.Count, "process", "processes")} ")
                .Append("changed while being read\n");
        }

        if (costs.Graph.Snapshot.Ended.Count > 0)
        {
            int ended = costs.Graph.Snapshot.Ended.Count;
            text.Append($"  {Figures.Plural(ended, "process", "processes")} ended meanwhile\n");
        }
    }

    private static void AppendProcesses(
        StringBuilder text, ReverseMapCosts costs, int top, int width, Palette palette)
    {
        TextTable table = new(["VMAs", "anon_vmas", "its own", "chains", "longest", "widest tree", "bytes"]);
        foreach (SpaceNode space in costs.BySpace.Take(top))
        {
            bool changed = space.Process.Reading == GraphReading.Changed;
            table.Row(
                NameOf(space) + (changed ? " (changed)" : ""),
                [
                    Figures.Count(space.Vmas),
                    Figures.Count(space.NamedAnonVmas),
                    Figures.Count(space.OwnAnonVmas),
                    Figures.Count(space.ChainEntries),
                    Figures.Count(space.LongestChain),
                    Figures.Count(space.WidestTree),
                    Figures.Bytes(space.ReverseMapBytes),
                ]);
        }

        text.Append('\n').Append(palette.Bold("by process")).Append('\n').Append(table.Render(width, palette));
        AppendRest(text, costs.BySpace.Count - top);
    }

    private static void AppendRoots(StringBuilder text, FamilyGraph graph, int top, int width, Palette palette)
    {
        TextTable table = new(["processes", "VMAs", "anon_vmas", "depth", "chains", "longest", "widest", "bytes"]);
        foreach (RootNode root in graph.Roots.Take(top))
        {
            table.Row(
                string.Create(CultureInfo.InvariantCulture, $"#{root.Root.Number}")
                    + (root.Root.Owner is { } owner ? $" {NameOf(owner)}" : " (ended)"),
                [
                    Figures.Count(root.Spaces.Count),
                    Figures.Count(root.Vmas),
                    Figures.Count(root.AnonVmas),
                    Figures.Count(root.Depth),
                    Figures.Count(root.ChainEntries),
                    Figures.Count(root.LongestChain),
                    Figures.Count(root.Widest.TreeSize),
                    Figures.Bytes(root.Bytes),
                ]);
        }

        text.Append('\n').Append(palette.Bold("by root")).Append('\n').Append(table.Render(width, palette));
        AppendRest(text, graph.Roots.Count - top);
        RootNode largest = graph.Roots[0];
        AnonVmaTreeText.Append(text, graph, largest, "the largest tree", top, palette);
        RootNode deepest = graph.Roots.MaxBy(root => root.Depth)!;
        if (deepest != largest && deepest.Depth > largest.Depth)
        {
            AnonVmaTreeText.Append(text, graph, deepest, "the deepest tree", top, palette);
        }
    }

    private static void AppendWalks(StringBuilder text, ReverseMapCosts costs, int width, Palette palette)
    {
        TextTable table = new(["anon_vmas", "VMAs listed", "visited, mean", "visited, most"]);
        foreach (WalkBucket bucket in costs.Walks.Buckets)
        {
            string range = bucket.From == bucket.To
                ? Figures.Count(bucket.To)
                : $"{Figures.Count(bucket.From)} to {Figures.Count(bucket.To)}";
            table.Row(
                range + (bucket.To == 1 ? " VMA" : " VMAs"),
                [
                    Figures.Count(bucket.AnonVmas),
                    Figures.Count(bucket.Vmas),
                    Mean(bucket.Visits.Mean),
                    Figures.Count(bucket.Visits.Most),
                ]);
        }

        Coverage all = costs.Walks.All;
        text.Append('\n').Append(palette.Bold("walks"))
            .Append($": {Mean(all.Mean)} VMAs for a page of these trees on average, ")
            .Append($"at most {Figures.Count(all.Most)}\n");
        AppendKsm(text, costs);
        text.Append(table.Render(width, palette));
    }

    private static void AppendKsm(StringBuilder text, ReverseMapCosts costs)
    {
        if (costs.MostOfKsm == 0)
        {
            return;
        }

        string rule = KernelRules.IsAtLeast(costs.Graph.Snapshot.Header.Kernel, "7.3")
            ? "" : ": before Linux 7.3 such a walk visits the whole tree";
        Prose.Wrap(
            text,
            "  ",
            $"at most {Figures.Plural(costs.MostOfKsm, "VMA", "VMAs")} for a page merged by KSM{rule}",
            2);
    }

    private static void AppendWorst(StringBuilder text, ReverseMapCosts costs, int top, int width, Palette palette)
    {
        AnonVmaNode[] worst = [.. costs.Worst.Where(node => node.TreeSize > 1).Take(top)];
        if (worst.Length == 0)
        {
            return;
        }

        TextTable table = new(["VMAs", "visited, mean", "visited, most", "by KSM", "pages", "depth"]);
        foreach (AnonVmaNode node in worst)
        {
            table.Row(
                string.Create(CultureInfo.InvariantCulture, $"#{node.Number}")
                    + (node.Owner is { } owner ? $" {NameOf(owner)}" : " (ended)")
                    + (node.IsPartial ? " (partial)" : ""),
                [
                    Figures.Count(node.TreeSize),
                    Mean(node.Visits.Mean),
                    Figures.Count(node.Visits.Most),
                    node.MergeableVmas == 0
                        ? "-" : Figures.Count(node.VisitsOfKsm(costs.Graph.Snapshot.Header.Kernel)),
                    Figures.Count((long)node.Visits.Pages),
                    Figures.Count(node.Depth),
                ]);
        }

        text.Append('\n').Append(palette.Bold("anon_vmas with the longest walks")).Append('\n')
            .Append(table.Render(width, palette));
    }

    private static void AppendRest(StringBuilder text, int left) =>
        text.Append(left > 0 ? $"  and {Figures.Count(left)} more\n" : "");
}
