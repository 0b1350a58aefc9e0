using Verso.Lab.Families;
using Verso.Lab.Studies;
using Verso.Reports.Model;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Views;

/// <summary>The sections that a snapshot has in a report.</summary>
public static class SnapshotReport
{
    /// <summary>Processes that are listed.</summary>
    private const int MostProcesses = 200;

    /// <summary>Sections that have something to show.</summary>
    /// <param name="study">What is known.</param>
    /// <param name="prefix">Of ids: empty where it is the only one.</param>
    public static IReadOnlyList<Section> Sections(SnapshotStudy study, string prefix)
    {
        ArgumentNullException.ThrowIfNull(study);
        FamilyGraph graph = study.Graph;
        Section?[] all =
        [
            Summary(study, prefix),
            Processes(graph, prefix),
            SpaceView.Of([.. study.Spaces.Select(each => (Who(each.Node), each.Space))], "process", prefix),
            GraphView.Of([(Printable.Of(study.Name), graph)], [], "", prefix),
            Origin(study, prefix),
        ];
        return [.. all.OfType<Section>()];
    }

    private static Section Summary(SnapshotStudy study, string prefix)
    {
        FamilyGraph graph = study.Graph;
        SpaceNode? largest = graph.Spaces.MaxBy(space => space.Vmas);
        List<Block> blocks =
        [
            new Paragraph($"{Figures.Plural(graph.Spaces.Count, "address space", "address spaces")} with "
                + $"{Figures.Plural(graph.Vmas, "VMA", "VMAs")}; "
                + $"{Figures.Plural(graph.AnonVmas.Count, "anon_vma", "anon_vmas")} and "
                + $"{Figures.Plural(graph.ChainEntries, "anon_vma_chain", "anon_vma_chains")} take "
                + $"{Figures.Bytes(graph.Bytes)}."),
        ];
        if (largest is not null)
        {
            blocks.Add(new Paragraph($"The largest is {Who(largest)}: {Figures.Plural(largest.Vmas, "VMA", "VMAs")} of "
                + $"{Figures.Count(graph.Snapshot.Header.MaxMapCount)} that one may have."));
        }

        if (study.Designs.Count > 0)
        {
            string id = $"{prefix}held";
            Table table = new(
                id,
                "What each design would hold",
                [
                    new("design", "design"), new("bytes", "bytes", Unit.Bytes),
                    new("pages", "for pages, at least", Unit.Bytes),
                ],
                [
                    .. study.Designs.Select(each => (IReadOnlyList<Cell>)
                        [
                            each.Design.Name, each.Bytes,
                            each.PerPage is { } pages ? Cell.Of(pages.LeastBytes) : Cell.None,
                        ]),
                ]);
            blocks.Add(new Chart($"{id}-chart", table.Title, ChartKind.Stack, [table])
            {
                Description = "The bytes that follow from VMAs and graph, and those for pages, at the least.",
            });
        }

        return new Section($"{prefix}summary", prefix.Length == 0 ? "Summary" : study.Name, blocks);
    }

    private static Section? Processes(FamilyGraph graph, string prefix)
    {
        SpaceNode[] spaces = [.. graph.Spaces.OrderByDescending(space => space.ReverseMapBytes)];
        string id = $"{prefix}processes";
        return spaces.Length < 2 ? null : new Section(id, "Processes",
        [
            new Table(
                $"{id}-table",
                "Address spaces, those that cost the most first",
                [
                    new("process", "process"), new("vmas", "VMAs", Unit.Count), new("rmap", "rmap", Unit.Bytes),
                    new("own", "own anon_vmas", Unit.Count), new("chains", "chain entries", Unit.Count),
                    new("longest", "longest chain", Unit.Count), new("widest", "widest tree", Unit.Count),
                ],
                [
                    .. spaces.Take(MostProcesses).Select(space => (IReadOnlyList<Cell>)
                    [
                        Who(space), (long)space.Vmas, space.ReverseMapBytes, (long)space.OwnAnonVmas,
                        space.ChainEntries, (long)space.LongestChain, (long)space.WidestTree,
                    ]),
                ])
            {
                Hidden = spaces.Length <= MostProcesses ? ""
                    : $"{Figures.Count(spaces.Length - MostProcesses)} more address spaces are not listed",
            },
        ]);
    }

    private static Section Origin(SnapshotStudy study, string prefix)
    {
        SnapshotHeader header = study.Graph.Snapshot.Header;
        return OriginView.Of(
            [
                ("file", study.Name),
                ("kernel", header.Kernel),
                ("of", header.Selection),
                ("taken", Figures.Moment(header.TakenUnixSeconds)),
            ],
            [], prefix);
    }

    private static string Who(SpaceNode space) =>
        $"{space.Process.Pid} {Printable.Of(space.Process.Command)}".TrimEnd();
}
