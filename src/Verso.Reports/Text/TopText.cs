using System.Globalization;
using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>
/// A view of processes by how near they are to their limit and what their reverse maps cost, as a table.
/// </summary>
public static class TopText
{
    /// <summary>Lines beside those of the processes.</summary>
    public const int HeadLines = 4;

    private const int Gap = 2;

    /// <summary>TASK_COMM_LEN less the NUL, and what an escape may add to it.</summary>
    private const int MostOfName = 24;

    /// <summary>In the order in which they stand; a narrow terminal gets those of the least rank.</summary>
    private static readonly Column[] s_columns =
    [
        new("VMAs", 0, (_, row) => Figures.Count(row.Vmas)),
        new("of max", 1, (view, row) => string.Create(CultureInfo.InvariantCulture, $"{Percent(view, row):F1} %")),
        new("VMAs/s", 2, (_, row) => Speed(row)) { IsOfGrowth = true },
        new("anon_vmas", 4, (_, row) => Figures.Count(row.AnonVmas)) { IsOfGraph = true },
        new("chains", 5, (_, row) => Figures.Count(row.ChainEntries)) { IsOfGraph = true },
        new("longest", 7, (_, row) => Figures.Count(row.LongestChain)) { IsOfGraph = true },
        new("widest", 8, (_, row) => Figures.Count(row.WidestTree)) { IsOfGraph = true },
        new("bytes", 3, (_, row) => Figures.Bytes(row.Bytes)) { IsOfGraph = true },
        new("+bytes", 6, (_, row) => More(row.MoreBytes)) { IsOfGraph = true, IsOfGrowth = true },
    ];

    /// <summary>VMAs of a process by the most it may have, in percent.</summary>
    public static double Percent(TopView view, TopRow row)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(row);
        return 100.0 * row.Vmas / Math.Max(view.Header.MaxMapCount, 1);
    }

    /// <summary>The view with at most so many processes.</summary>
    public static string Render(TopView view, int limit, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Render(view, new TopPart(0, limit, -1, ""), width, palette);
    }

    /// <summary>A part of the view, no line longer than the width.</summary>
    public static string Render(TopView view, TopPart part, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(part);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        AppendHead(text, view, width, palette);
        text.Append(part.Hint.Length <= width ? part.Hint : part.Hint[..width]).Append('\n');
        if (view.Rows.Count == 0)
        {
            return text.Append(view.Filter.Length == 0 ? "no processes\n" : "no such processes\n").ToString();
        }

        TopRow[] rows = [.. view.Rows.Skip(part.First).Take(part.Limit)];
        string[] labels =
        [
            .. rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Pid} {NameOf(row)}")),
        ];
        int labelWidth = Gap + labels.Select(label => label.Length).DefaultIfEmpty().Max();
        Column[] columns = [.. Fitting(view, rows, width - labelWidth)];
        text.Append(' ', labelWidth);
        foreach (Column column in columns)
        {
            int blanks = Gap + WidthOf(column, view, rows) - column.Name.Length;
            text.Append(' ', blanks).Append(palette.Name(column.Name));
        }

        text.Append('\n');
        for (int at = 0; at < rows.Length; at++)
        {
            bool isSelected = part.Selected == part.First + at;
            StringBuilder line = new((isSelected ? "> " : "  ") + labels[at].PadRight(labelWidth - Gap));
            foreach (Column column in columns)
            {
                line.Append(' ', Gap).Append(column.Cell(view, rows[at]).PadLeft(WidthOf(column, view, rows)));
            }

            text.Append(isSelected ? palette.Bold(line.ToString()) : line).Append('\n');
        }

        return text.ToString();
    }

    private static void AppendHead(StringBuilder text, TopView view, int width, Palette palette)
    {
        const string Name = "verso top";
        string[] first =
        [
            $"{Name} {Figures.Moment(view.Header.TakenUnixSeconds)}",
            $"Linux {Printable.Of(view.Header.Kernel)}",
            Printable.Of(Shortened(view.Header.Selection)),
            $"read in {Figures.Duration(view.Header.DurationNanoseconds)}",
        ];
        text.Append(palette.Bold(Name)).Append(Joined(first, width).AsSpan(Name.Length)).Append('\n');
        string processes = Figures.Plural(view.Processes, "process", "processes");
        string[] second =
        [
            view.Filter.Length == 0 ? processes
                : $"{Figures.Count(view.Rows.Count)} of {processes} with '{Printable.Of(view.Filter)}'",
            Figures.Plural(view.Vmas, "VMA", "VMAs"),
            .. view.HasGraph
                ? (string[])
                [
                    Figures.Bytes(view.Bytes),
                    $"{Figures.Plural(view.AnonVmas, "anon_vma", "anon_vmas")} in "
                        + Figures.Plural(view.Roots, "tree", "trees"),
                    Figures.Plural(view.ChainEntries, "chain", "chains"),
                ]
                : ["from /proc", view.Refused == 0 ? "" : $"{Figures.Count(view.Refused)} may not be read"],
        ];
        text.Append(Joined(second, width)).Append('\n');
    }

    // As many parts as fit: what is left out is left out whole.
    private static string Joined(string[] parts, int width)
    {
        StringBuilder line = new(parts[0].Length <= width ? parts[0] : parts[0][..width]);
        foreach (string part in parts.Skip(1).Where(part => part.Length > 0))
        {
            line.Append(line.Length + 2 + part.Length <= width ? $", {part}" : "");
        }

        return line.ToString();
    }

    private static IEnumerable<Column> Fitting(TopView view, TopRow[] rows, int width)
    {
        int left = width;
        HashSet<Column> taken = [];
        foreach (Column column in s_columns.Where(column => column.IsOf(view)).OrderBy(column => column.Rank))
        {
            int needs = Gap + WidthOf(column, view, rows);
            if (needs > left)
            {
                break;
            }

            left -= needs;
            _ = taken.Add(column);
        }

        return s_columns.Where(taken.Contains);
    }

    private static int WidthOf(Column column, TopView view, TopRow[] rows) =>
        Math.Max(column.Name.Length, rows.Select(row => column.Cell(view, row).Length).DefaultIfEmpty().Max());

    private static string NameOf(TopRow row)
    {
        string name = Printable.Of(row.Command);
        return name.Length <= MostOfName ? name : name[..(MostOfName - 3)] + "...";
    }

    private static string Speed(TopRow row) => row.VmasPerSecond switch
    {
        null => row.MoreVmas is null ? "new" : "",
        0 => "0",
        double speed and > -10 and < 10 => string.Create(CultureInfo.InvariantCulture, $"{speed:+0.0;-0.0}"),
        double speed => string.Create(CultureInfo.InvariantCulture, $"{speed:+#,0;-#,0}"),
    };

    private static string More(long? more) => more switch
    {
        null => "new",
        0 => "0",
        > 0 => $"+{Figures.Bytes(more.Value)}",
        _ => $"-{Figures.Bytes(-more.Value)}",
    };

    private static string Shortened(string selection) => selection.Length <= 24 ? selection : selection[..21] + "...";

    private sealed record Column(string Name, int Rank, Func<TopView, TopRow, string> Cell)
    {
        internal bool IsOfGraph { get; init; }

        internal bool IsOfGrowth { get; init; }

        internal bool IsOf(TopView view) => (view.HasGraph || !IsOfGraph) && (view.IsCompared || !IsOfGrowth);
    }
}

/// <summary>Which rows of a view are shown.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Selected">The one that is marked; -1: none.</param>
/// <param name="Hint">A line above them.</param>
public sealed record TopPart(int First, int Limit, int Selected, string Hint);
