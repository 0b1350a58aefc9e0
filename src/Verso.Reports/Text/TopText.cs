using System.Globalization;
using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>A view of processes by what their reverse maps cost, as a table.</summary>
public static class TopText
{
    /// <summary>Lines beside those of the processes.</summary>
    public const int HeadLines = 4;

    /// <summary>A narrower terminal gets no row of all columns.</summary>
    private const int WidthOfAll = 96;

    private static readonly (string Name, Func<TopRow, string> Cell)[] s_columns =
    [
        ("VMAs", row => Figures.Count(row.Vmas)),
        ("+VMAs", row => More(row.MoreVmas, Figures.Count)),
        ("anon_vmas", row => Figures.Count(row.AnonVmas)),
        ("chains", row => Figures.Count(row.ChainEntries)),
        ("longest", row => Figures.Count(row.LongestChain)),
        ("widest", row => Figures.Count(row.WidestTree)),
        ("bytes", row => Figures.Bytes(row.Bytes)),
        ("+bytes", row => More(row.MoreBytes, Figures.Bytes)),
    ];

    /// <summary>The view with at most so many processes.</summary>
    public static string Render(TopView view, int limit, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        text.Append(palette.Bold("verso top")).Append($" {Figures.Moment(view.Header.TakenUnixSeconds)}")
            .Append($", Linux {Printable.Of(view.Header.Kernel)}, {Printable.Of(Shortened(view.Header.Selection))}")
            .Append($", read in {Figures.Duration(view.Header.DurationNanoseconds)}\n")
            .Append($"{Figures.Plural(view.Processes, "process", "processes")}, ")
            .Append($"{Figures.Plural(view.Vmas, "VMA", "VMAs")}, ")
            .Append($"{Figures.Plural(view.AnonVmas, "anon_vma", "anon_vmas")} in ")
            .Append($"{Figures.Plural(view.Roots, "tree", "trees")}, ")
            .Append($"{Figures.Plural(view.ChainEntries, "chain", "chains")}: ")
            .Append($"{Figures.Bytes(view.Bytes)}\n\n");
        if (view.Rows.Count == 0)
        {
            return text.Append("no processes\n").ToString();
        }

        (string Name, Func<TopRow, string> Cell)[] columns =
        [
            .. s_columns.Where(column => column.Name switch
            {
                "longest" or "widest" => width >= WidthOfAll,
                "+VMAs" or "+bytes" => view.IsCompared,
                _ => true,
            }),
        ];
        TextTable table = new([.. columns.Select(column => column.Name)]);
        foreach (TopRow row in view.Rows.Take(limit))
        {
            table.Row(
                string.Create(CultureInfo.InvariantCulture, $"{row.Pid} {Printable.Of(row.Command)}"),
                [.. columns.Select(column => column.Cell(row))]);
        }

        return text.Append(table.Render(width, palette)).ToString();
    }

    private static string More(long? more, Func<long, string> figure) => more switch
    {
        null => "new",
        0 => "0",
        > 0 => $"+{figure(more.Value)}",
        _ => $"-{figure(-more.Value)}",
    };

    private static string Shortened(string selection) => selection.Length <= 24 ? selection : selection[..21] + "...";
}
