using System.Globalization;
using System.Text;
using Verso.Lab.Families;
using Verso.Lab.Snapshots;
using Verso.Linux.Graph;

namespace Verso.Reports.Text;

/// <summary>What designs would hold for a graph, beside what the kernel holds.</summary>
internal static class HoldingsText
{
    private const int BytesWidth = 10;
    private const int ShareWidth = 9;

    internal static void AppendDesigns(StringBuilder text, ReverseMapCosts costs, int width, Palette palette)
    {
        int label = Math.Max("this kernel".Length, costs.Designs.Max(design => design.Design.Name.Length));
        text.Append('\n').Append(palette.Bold("what each design would hold for this graph")).Append('\n');
        FamilyGraph graph = costs.Graph;
        HeldObjects[] live =
        [
            new("anon_vma", SnapshotSummary.AnonVmaBytes, graph.AnonVmas.Count),
            new("anon_vma_chain", SnapshotSummary.ChainEntryBytes, graph.ChainEntries),
        ];
        AppendRow(text, "this kernel", label, live, graph.Bytes, "", width, palette);
        foreach (DesignHoldings design in costs.Designs)
        {
            string share = design.KernelBytes == 0 ? "-"
                : string.Create(CultureInfo.InvariantCulture, $"{100.0 * design.Bytes / design.KernelBytes:F1} %");
            AppendRow(text, design.Design.Name, label, design.Objects, design.Bytes, share, width, palette);
        }

        AppendNotes(text, costs);
    }

    private static void AppendNotes(StringBuilder text, ReverseMapCosts costs)
    {
        text.Append("  bytes of structs; for this kernel, of slab slots, where an anon_vma takes 8 more (104)\n");
        if (costs.Designs[0].LeftOut > 0)
        {
            text.Append($"  without {Figures.Plural(costs.Designs[0].LeftOut, "process", "processes")} ")
                .Append("that changed too much while being read: shares are of the others\n");
        }

        foreach (DesignHoldings design in costs.Designs)
        {
            if (design.PerPage is { } pages)
            {
                string range = pages.MostBytes is null ? $"at least {Figures.Bytes(pages.LeastBytes)}"
                    : $"{Figures.Bytes(pages.LeastBytes)} to {Figures.Bytes(pages.MostBytes.Value)}";
                text.Append($"  {design.Design.Name} also: {range}, inferred from ")
                    .Append(Figures.Plural(pages.Pages, "resident anonymous page", "resident anonymous pages"))
                    .Append($":\n    {pages.Reason}\n");
            }
        }
    }

    internal static void AppendSlabs(StringBuilder text, ReverseMapCosts costs, int width, Palette palette)
    {
        TextTable table = new(["read here", "in use there", "more there"]);
        foreach (SlabCache slab in costs.Slabs)
        {
            long read = slab.Name switch
            {
                "anon_vma" => costs.Graph.AnonVmas.Count,
                "anon_vma_chain" => costs.Graph.ChainEntries,
                _ => costs.Graph.Vmas,
            };
            table.Row(
                $"{slab.Name} ({slab.SizeBytes.ToString(CultureInfo.InvariantCulture)} bytes)",
                [Figures.Count(read), Figures.Count(slab.ActiveObjects), Figures.Count(slab.ActiveObjects - read)]);
        }

        text.Append('\n').Append(palette.Bold("beside /proc/slabinfo")).Append('\n')
            .Append(table.Render(width, palette))
            .Append("  slab counts include objects that are free in a per-CPU slab or wait for RCU\n");
        foreach (SlabCache slab in costs.Slabs.Where(slab => slab.MergedWith.Count > 0))
        {
            text.Append($"  the cache of {slab.Name} is merged with {string.Join(", ", slab.MergedWith.Take(4))}")
                .Append(slab.MergedWith.Count > 4 ? $" and {Figures.Count(slab.MergedWith.Count - 4)} more\n" : "\n");
        }
    }

    private static void AppendRow(
        StringBuilder text,
        string name,
        int label,
        IReadOnlyList<HeldObjects> objects,
        long bytes,
        string share,
        int width,
        Palette palette)
    {
        text.Append("  ").Append(palette.Name(name)).Append(' ', label - name.Length)
            .Append(Figures.Bytes(bytes).PadLeft(BytesWidth)).Append(share.PadLeft(ShareWidth)).Append("  ");
        int begin = 2 + label + BytesWidth + ShareWidth + 2;
        int used = begin;
        string[] held =
            [.. objects.Where(one => one.Count > 0).Select(one => $"{Figures.Count(one.Count)} {one.Name}")];
        for (int at = 0; at < held.Length; at++)
        {
            string word = held[at] + (at < held.Length - 1 ? ", " : "");
            if (used + word.Length > width && used > begin)
            {
                text.Append('\n').Append(' ', begin);
                used = begin;
            }

            text.Append(word);
            used += word.Length;
        }

        text.Append(held.Length == 0 ? "nothing\n" : "\n");
    }
}
