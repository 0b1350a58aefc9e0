using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>One trace through several designs, as tables.</summary>
public static class ComparisonView
{
    /// <summary>Checks of a merge that the design answers for, page offsets of files among them.</summary>
    private const MergeTests OfTheDesign =
        MergeTests.AnonVma | MergeTests.ForkedChain | MergeTests.PageOffset | MergeTests.SharedPages;

    /// <summary>What has to be known of a summary that shows no differences.</summary>
    internal const string AbsoluteNote =
        "peak bytes; together: with VMAs, struct fields; rcu: steps; visits: a walk's";

    private static readonly CountedLock[] s_locks =
        [CountedLock.ReverseMapWrite, CountedLock.ReverseMapRead, CountedLock.PerPage];

    /// <summary>
    /// The figures that designs differ in most, a row a design. Two columns are there only where there is something to
    /// see: calls that failed with as many VMAs as there may be, and mapped ranges that the kernel had otherwise.
    /// </summary>
    public static Table Summary(TraceComparison trace, string id = "summary")
    {
        ArgumentNullException.ThrowIfNull(trace);
        bool anyAtLimit = trace.Designs.Any(design => design.Calls.FailedAtVmaLimit > 0);
        bool anyOtherRanges = trace.Designs.Any(design => !design.Fidelity.All.Ranges.IsFull);
        List<Column> columns =
        [
            new("design", "design"),
            new("rmap", "rmap", Unit.Bytes),
            new("vmas", "VMAs", Unit.Count),
            new("together", "together", Unit.Bytes),
            new("refused", "refused", Unit.Count),
            new("locks", "locks", Unit.Count),
            new("rcu", "rcu", Unit.Count),
            new("visits", "visits", Unit.Ratio),
        ];
        if (anyAtLimit)
        {
            columns.Insert(4, new Column("failed", "failed", Unit.Count));
        }

        if (anyOtherRanges)
        {
            columns.Add(new Column("ranges", "ranges"));
        }

        int reference = trace.Designs.ToList().FindIndex(design => design.Name == trace.Reference.Name);
        return new Table(
            id, "What each design would have cost", columns, [.. trace.Designs.Select(design => Row(design, columns))])
        {
            Baseline = reference < 0 ? null : reference,
            Note = reference < 0 ? AbsoluteNote
                : $"differences from {trace.Reference.Name}; = none; bytes at the peak, in 1024s\n"
                    + "together: with VMAs and struct fields; rcu: steps; visits: a walk's",
        };
    }

    /// <summary>All figures that were chosen, a column a design: but for those that one design alone counts.</summary>
    public static Table FiguresOf(TraceComparison trace, ComparisonChoice choice, string id = "figures")
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(choice);
        return new Table(
            id,
            "All figures",
            [
                new("group", "group"), new("figure", "figure"),
                .. trace.Designs.Select(design => new Column(design.Name, design.Name, Unit.Count)),
            ],
            [
                .. choice.Rows(trace).Where(row => row.Head.Group != Metrics.OwnGroup).Select(row =>
                    (IReadOnlyList<Cell>)[row.Head.Group, row.Head.Label, .. row.Cells.Select(CellOf)]),
            ])
        {
            IsGrouped = true,
        };
    }

    /// <summary>What only one design counts: a table of all designs would be empty but for one column.</summary>
    public static IEnumerable<Table> OwnFigures(TraceComparison trace, ComparisonChoice choice, string id = "own")
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(choice);
        return OwnFiguresOf(trace, choice, id);
    }

    private static IEnumerable<Table> OwnFiguresOf(TraceComparison trace, ComparisonChoice choice, string id)
    {
        foreach (ReplayResult design in trace.Designs)
        {
            Metric[] own =
            [
                .. Metrics.Of(design).Where(metric => metric.Group == Metrics.OwnGroup && choice.IsChosen(metric)),
            ];
            if (own.Length > 0)
            {
                yield return new Table(
                    $"{id}-{Slug.Of(design.Name)}",
                    $"{design.Name} alone counts",
                    [new("figure", "figure"), new("value", "value", Unit.Count)],
                    [.. own.Select(metric => (IReadOnlyList<Cell>)[metric.Label, CellOf(metric)])]);
            }
        }
    }

    private static Cell CellOf(Metric? metric) => metric is null ? Cell.None : Cell.Of(metric.Value, metric.Unit);

    private static Cell[] Row(ReplayResult design, IReadOnlyList<Column> columns) =>
    [
        .. columns.Select(column => column.Key switch
        {
            "design" => Cell.Of(design.Name),
            "rmap" => Cell.Of(design.OwnObjects.Sum(row => row.BytesPeak)),
            "vmas" => Cell.Of(design.VmasPeak),
            "together" => Cell.Of(design.BytesWithStructs),
            "failed" => Cell.Of(design.Calls.FailedAtVmaLimit),
            "refused" => Cell.Of(design.Work.MergesRefused.Sum(
                each => (each.Key & OfTheDesign) != 0 ? each.Value : 0)),
            "locks" => Cell.Of(s_locks.Sum(each => design.Work.Locks[each].Taken)),
            "rcu" => Cell.Of(design.Work.Locks[CountedLock.Rcu].Work),
            "visits" => design.Work.WalkCount == 0 ? Cell.None : Cell.Of(design.Work.VisitsPerWalk),
            _ => design.Fidelity.All.Checkpoints == 0 ? Cell.None
                : Cell.Of(Figures.Percent(design.Fidelity.All.Ranges)),
        }),
    ];
}
