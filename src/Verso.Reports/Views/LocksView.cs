using Verso.Lab.Locks;
using Verso.Lab.Replay;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>Locks by class and owner, and the work under them.</summary>
public static class LocksView
{
    /// <summary>Locks that are listed one by one.</summary>
    private const int MostLocks = 20;

    private static readonly Column[] s_columns =
    [
        new("lock", "lock"), new("reads", "reads", Unit.Count), new("writes", "writes", Unit.Count),
        new("steps", "steps held", Unit.Count), new("longest", "longest", Unit.Count),
        new("tasks", "tasks", Unit.Count),
    ];

    /// <summary>As text: the classes, then the locks taken most; a line where no lock was taken.</summary>
    public static string Render(LockTally tally, int most, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(tally);
        if (tally.Classes.Count == 0)
        {
            return "no lock was taken\n";
        }

        IReadOnlyList<Cell>[] rows =
        [
            .. tally.Classes.Select(of =>
                Row(of, "locks taken, by class", $"{LockText.ClassName(of)}, {Figures.Count(of.Locks)}")),
            .. tally.MostTaken(most).Select(one => Row(one, "taken most", LockText.Name(one))),
        ];
        Table table = new("locks", "Locks", [new Column("group", "group"), .. s_columns], rows) { IsGrouped = true };
        return TextRendering.Of(table, width, palette);
    }

    /// <summary>The section.</summary>
    /// <param name="designs">What was told of replays.</param>
    /// <param name="owners">The locks of the reference by owner; null: nobody counted them.</param>
    /// <param name="prefix">Of ids.</param>
    internal static Section Of(IReadOnlyList<DesignDocument> designs, LockTally? owners, string prefix)
    {
        string id = $"{prefix}locks";
        List<Block> blocks =
        [
            ByClass(designs, $"{id}-work", "Steps of work under locks", design => design.LockedWork,
                "Work is counted in steps, not in time: what a lock was held for."),
            ByClass(designs, $"{id}-taken", "Locks taken", design => design.Locks, "How often each class was taken."),
        ];
        if (owners?.MostTaken(MostLocks) is { Count: > 0 } most)
        {
            blocks.Add(new Table(
                $"{id}-owners",
                $"Locks taken most, by owner ({ReferenceDesign.Name})",
                s_columns,
                [.. most.Select(one => Row(one, LockText.Name(one)))]));
        }

        return new Section(id, "Locks", blocks);
    }

    private static Cell[] Row(LockFigures of, params ReadOnlySpan<Cell> names) =>
        [.. names, of.Reads, of.Writes, of.Steps, of.LongestSteps, (long)of.Tasks];

    private static Chart ByClass(
        IReadOnlyList<DesignDocument> designs,
        string id,
        string title,
        Func<DesignDocument, IReadOnlyDictionary<string, long>> of,
        string description)
    {
        string[] classes =
        [
            .. designs.SelectMany(of).Select(each => each.Key).Distinct()
                .Where(name => designs.Any(design => of(design).GetValueOrDefault(name) > 0)),
        ];
        return new Chart(id, title, ChartKind.Stack,
        [
            new Table(
                $"{id}-table",
                title,
                [
                    new("design", "design"),
                    .. classes.Select(name => new Column(name, name, Unit.Count)),
                ],
                [
                    .. designs.Select(design => (IReadOnlyList<Cell>)
                        [design.Name, .. classes.Select(each => Cell.Of(of(design).GetValueOrDefault(each)))]),
                ]),
        ])
        {
            Description = description,
        };
    }
}
