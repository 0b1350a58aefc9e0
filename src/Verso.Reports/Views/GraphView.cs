using System.Globalization;
using Verso.Engine.Images;
using Verso.Lab.Families;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>
/// VMAs and anon_vmas: as boxes and links where they are few, after Corbet's drawings in LWN; else as a matrix.
/// </summary>
internal static class GraphView
{
    /// <summary>Boxes that one can follow the links of.</summary>
    internal const int MostBoxes = 60;

    /// <summary>Dots of a matrix.</summary>
    private const int MostDots = 5000;

    /// <summary>The section; null where there is no anon_vma, and no object of a design.</summary>
    /// <param name="graphs">Graphs, each with the moment that it is of.</param>
    /// <param name="structures">What designs have at the first of those moments.</param>
    /// <param name="choice">What the choice is between.</param>
    /// <param name="prefix">Of ids.</param>
    internal static Section? Of(
        IReadOnlyList<(string Name, FamilyGraph Graph)> graphs,
        IReadOnlyList<DesignStructure> structures,
        string choice,
        string prefix)
    {
        string id = $"{prefix}graph";
        List<Block> blocks =
        [
            .. OfLinux([.. graphs.Where(each => each.Graph.AnonVmas.Count > 0)], choice, id),
            .. StructureView.Of(structures, graphs.Count > 0 ? graphs[0].Name : "", $"{id}-designs"),
        ];
        return blocks.Count == 0 ? null : new Section(id, "The graph of VMAs and objects", blocks);
    }

    private static List<Block> OfLinux((string Name, FamilyGraph Graph)[] with, string choice, string id)
    {
        if (with.Length == 0)
        {
            return [];
        }

        FamilyGraph first = with[0].Graph;
        string description = $"{Figures.Plural(first.AnonVmas.Count, "anon_vma", "anon_vmas")} and "
            + $"{Figures.Plural(first.ChainEntries, "anon_vma_chain", "anon_vma_chains")} of "
            + $"{Figures.Plural(first.Spaces.Count, "address space", "address spaces")}: {Figures.Bytes(first.Bytes)}.";
        List<Block> blocks =
        [
            new Chart($"{id}-matrix", "VMAs by anon_vmas, in the order of forks", ChartKind.Matrix,
                [.. with.Select((each, at) => Matrix(each.Graph, each.Name, $"{id}-matrix-{at + 1}"))])
            {
                Choice = choice,
                Description = description + " A dot is an anon_vma_chain: the VMA is in the anon_vma's interval tree.",
            },
        ];
        FamilyGraph? small = with.Select(each => each.Graph)
            .FirstOrDefault(graph => Linked(graph).Count() + graph.AnonVmas.Count <= MostBoxes);
        if (small is not null)
        {
            string name = with.First(each => each.Graph == small).Name;
            blocks.Insert(0, new Chart($"{id}-boxes", "VMAs, chains and anon_vmas", ChartKind.Graph,
                [Boxes(small, name, $"{id}-boxes-table")])
            {
                Description = $"{name}: {description} A link is an anon_vma_chain, thick to the anon_vma that new "
                    + "pages name; dashed: what an anon_vma was forked from.",
            });
        }

        return blocks;
    }

    private static IEnumerable<(SpaceNode Space, VmaImage Vma)> Linked(FamilyGraph graph) =>
        graph.Spaces.SelectMany(space =>
            space.Image.Vmas.Where(vma => vma.Chain.Count > 0).Select(vma => (space, vma)));

    private static Dictionary<ulong, AnonVmaNode> ById(FamilyGraph graph) =>
        graph.AnonVmas.ToDictionary(node => node.Image.Id);

    private static Table Boxes(FamilyGraph graph, string name, string id)
    {
        Dictionary<ulong, AnonVmaNode> byId = ById(graph);
        List<IReadOnlyList<Cell>> rows = [];
        foreach ((SpaceNode space, VmaImage vma) in Linked(graph))
        {
            rows.Add(
            [
                VmaName(space, vma), 0L, (long)rows.Count, "VMA",
                string.Join(' ', vma.Chain.Select(chain => NodeName(byId[chain]))),
                byId.TryGetValue(vma.AnonVma, out AnonVmaNode? own) ? NodeName(own) : "", "AVC",
            ]);
        }

        int place = 0;
        foreach (AnonVmaNode node in graph.AnonVmas)
        {
            rows.Add(
            [
                NodeName(node), 1L, (long)place++, node.Root == node ? "anon_vma, root" : "anon_vma",
                node.Parent is AnonVmaNode parent ? NodeName(parent) : "", "", "parent",
            ]);
        }

        return new Table(id, name, BoxColumns, rows);
    }

    /// <summary>Columns of boxes and links.</summary>
    internal static IReadOnlyList<Column> BoxColumns { get; } =
    [
        new("name", "name"), new("column", "column", Unit.Count), new("place", "place", Unit.Count),
        new("kind", "kind"), new("links", "linked to"), new("own", "names for new pages"), new("how", "by"),
    ];

    /// <summary>A row a VMA, or some that follow each other where there would be too many dots.</summary>
    private static Table Matrix(FamilyGraph graph, string name, string id)
    {
        Dictionary<ulong, AnonVmaNode> byId = ById(graph);
        (SpaceNode Space, VmaImage Vma)[] linked = [.. Linked(graph)];
        int together = 1;
        List<IReadOnlyList<Cell>> rows;
        while ((rows = Dots(linked, byId, together)).Count > MostDots && together < linked.Length)
        {
            together *= 2;
        }

        return new Table(
            id,
            name,
            [
                new("row", "row", Unit.Count), new("vma", "VMA"), new("at", "column", Unit.Count),
                new("anonVma", "anon_vma"), new("kind", "kind"),
            ],
            rows)
        {
            Hidden = together == 1 ? "" : $"a row is {Figures.Count(together)} of {Figures.Count(linked.Length)} VMAs, "
                + "and a dot the anon_vma_chains of all of them",
        };
    }

    private static List<IReadOnlyList<Cell>> Dots(
        (SpaceNode Space, VmaImage Vma)[] linked, Dictionary<ulong, AnonVmaNode> byId, int together)
    {
        List<IReadOnlyList<Cell>> rows = [];
        foreach ((int place, (SpaceNode Space, VmaImage Vma)[] some) in linked.Chunk(together).Index())
        {
            HashSet<ulong> own = [.. some.Select(each => each.Vma.AnonVma)];
            string more = some.Length == 1 ? "" : $" +{some.Length - 1}";
            foreach (ulong chain in some.SelectMany(each => each.Vma.Chain).Distinct())
            {
                AnonVmaNode node = byId[chain];
                rows.Add(
                [
                    (long)place, VmaName(some[0].Space, some[0].Vma) + more, (long)(node.Number - 1), NodeName(node),
                    own.Contains(chain) ? "own" : "chain",
                ]);
            }
        }

        return rows;
    }

    private static string VmaName(SpaceNode space, VmaImage vma) =>
        string.Create(CultureInfo.InvariantCulture, $"{space.Process.Pid}:{vma.Start:x}");

    private static string NodeName(AnonVmaNode node) => string.Create(CultureInfo.InvariantCulture, $"av{node.Number}");
}
