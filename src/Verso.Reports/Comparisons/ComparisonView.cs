using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Words;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>One trace through several designs, as tables.</summary>
public static class ComparisonView
{
    /// <summary>Checks of a merge that the design answers for, page offsets of files among them.</summary>
    private static readonly string[] s_testsOfTheDesign =
    [
        .. ((MergeTests[])[MergeTests.AnonVma, MergeTests.ForkedChain, MergeTests.PageOffset, MergeTests.SharedPages])
            .Select(MergeReasons.Name),
    ];

    /// <summary>What has to be known of a summary that shows no differences.</summary>
    internal const string AbsoluteNote =
        "peak bytes; together: with VMAs, struct fields; rcu: steps; visits: a walk's";

    private static readonly string[] s_locks =
    [
        .. ((CountedLock[])[CountedLock.ReverseMapWrite, CountedLock.ReverseMapRead, CountedLock.PerPage])
            .Select(each => Kebab.Of(each.ToString())),
    ];

    private static readonly string s_rcu = Kebab.Of(nameof(CountedLock.Rcu));

    /// <summary>
    /// The figures that designs differ in most, a row a design. Two columns are there only where there is something to
    /// see: calls that failed with as many VMAs as there may be, and mapped ranges that the kernel had otherwise.
    /// </summary>
    public static Table Summary(TraceComparison trace, string id = "summary") => Summary(ResultDocuments.Of(trace), id);

    /// <summary>The same of what was told of a comparison; bytes together are there if all designs told them.</summary>
    public static Table Summary(TraceDocument trace, string id)
    {
        ArgumentNullException.ThrowIfNull(trace);
        bool anyAtLimit = trace.Designs.Any(design => design.CallsFailedAtVmaLimit > 0);
        bool anyOtherRanges = trace.Designs.Any(
            design => design.Fidelity.Ranges.Matched != design.Fidelity.Ranges.Total);
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

        int reference = trace.Designs.ToList().FindIndex(design => design.Name == ReferenceDesign.Name);
        Table table = new(
            id, "What each design would have cost", columns, [.. trace.Designs.Select(design => Row(design, columns))])
        {
            Baseline = reference < 0 ? null : reference,
            Note = reference < 0 ? AbsoluteNote
                : $"differences from {ReferenceDesign.Name}; = none; bytes at the peak, in 1024s\n"
                    + "together: with VMAs and struct fields; rcu: steps; visits: a walk's",
        };
        return trace.Designs.All(design => design.BytesWithStructs is not null) ? table : table.Without("together");
    }

    /// <summary>Merges that were refused by checks that the design answers for.</summary>
    internal static long RefusedByDesign(DesignDocument design) =>
        s_testsOfTheDesign.Sum(test => design.Merges.Refused.GetValueOrDefault(test));

    /// <summary>All figures that were chosen, a column a design: but for those that one design alone counts.</summary>
    public static Table FiguresOf(TraceComparison trace, ComparisonChoice choice, string id = "figures")
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(choice);
        return FiguresOf(trace.Designs.Select(design => design.Name), choice.Rows(trace), id);
    }

    /// <summary>All figures that were told, but for those that are 0 or absent in every design.</summary>
    public static Table FiguresOf(TraceDocument trace, string id)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return FiguresOf(
            trace.Designs.Select(design => design.Name),
            Metrics.Rows([.. trace.Designs.Select(design => Metrics.Of(design))])
                .Where(row => row.Cells.Any(cell => cell is { Value: not 0 })),
            id);
    }

    private static Table FiguresOf(
        IEnumerable<string> designs, IEnumerable<(Metric Head, IReadOnlyList<Metric?> Cells)> rows, string id) =>
        new(
            id,
            "All figures",
            [
                new("group", "group"), new("figure", "figure"),
                .. designs.Select(design => new Column(design, design, Unit.Count)),
            ],
            [
                .. rows.Where(row => row.Head.Group != Metrics.OwnGroup).Select(row =>
                    (IReadOnlyList<Cell>)[row.Head.Group, row.Head.Label, .. row.Cells.Select(CellOf)]),
            ])
        {
            IsGrouped = true,
        };

    /// <summary>What only one design counts: a table of all designs would be empty but for one column.</summary>
    public static IEnumerable<Table> OwnFigures(TraceComparison trace, ComparisonChoice choice, string id = "own")
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(choice);
        return OwnFiguresOf(
            trace.Designs.Select(design => (design.Name, Metrics.Of(design).Where(choice.IsChosen))), id);
    }

    /// <summary>The same of what was told.</summary>
    public static IEnumerable<Table> OwnFigures(TraceDocument trace, string id)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return OwnFiguresOf(
            trace.Designs.Select(design => (design.Name, (IEnumerable<Metric>)Metrics.Of(design))), id);
    }

    private static IEnumerable<Table> OwnFiguresOf(
        IEnumerable<(string Name, IEnumerable<Metric> Metrics)> designs, string id)
    {
        foreach ((string name, IEnumerable<Metric> metrics) in designs)
        {
            Metric[] own = [.. metrics.Where(metric => metric.Group == Metrics.OwnGroup)];
            if (own.Length > 0)
            {
                yield return new Table(
                    $"{id}-{Slug.Of(name)}",
                    $"{name} alone counts",
                    [new("figure", "figure"), new("value", "value", Unit.Count)],
                    [.. own.Select(metric => (IReadOnlyList<Cell>)[metric.Label, CellOf(metric)])]);
            }
        }
    }

    private static Cell CellOf(Metric? metric) => metric is null ? Cell.None : Cell.Of(metric.Value, metric.Unit);

    /// <summary>Bytes of the reverse map's objects at the peak.</summary>
    internal static long OwnBytes(DesignDocument design) =>
        design.Objects.Sum(row => ObjectFigures.IsOfEveryMachine(row.Key) ? 0 : row.Value.BytesPeak);

    /// <summary>Places that a walk looked at, on average; 0 if there was none.</summary>
    internal static double VisitsPerWalk(DesignDocument design) =>
        design.Walks.Count == 0 ? 0 : (double)design.Walks.Visited / design.Walks.Count;

    private static Cell[] Row(DesignDocument design, IReadOnlyList<Column> columns) =>
    [
        .. columns.Select(column => column.Key switch
        {
            "design" => Cell.Of(design.Name),
            "rmap" => Cell.Of(OwnBytes(design)),
            "vmas" => Cell.Of(design.VmasPeak),
            "together" => design.BytesWithStructs is long bytes ? Cell.Of(bytes) : Cell.None,
            "failed" => Cell.Of(design.CallsFailedAtVmaLimit),
            "refused" => Cell.Of(RefusedByDesign(design)),
            "locks" => Cell.Of(s_locks.Sum(each => design.Locks.GetValueOrDefault(each))),
            "rcu" => Cell.Of(design.LockedWork.GetValueOrDefault(s_rcu)),
            "visits" => design.Walks.Count == 0 ? Cell.None : Cell.Of(VisitsPerWalk(design)),
            _ => design.Fidelity.Checkpoints == 0 ? Cell.None
                : Cell.Of(Figures.Percent(design.Fidelity.Ranges.Agreement)),
        }),
    ];
}
