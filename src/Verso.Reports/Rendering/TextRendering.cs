using System.Text;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Rendering;

/// <summary>A report, or a part of one, as text for a terminal. Of a chart the numbers, as many as help.</summary>
public static class TextRendering
{
    /// <summary>Rows of the numbers behind a chart.</summary>
    private const int MostRows = 12;

    /// <summary>All of it.</summary>
    public static string Of(Report report, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        text.Append(palette.Bold(Printable.Of(report.Title))).Append('\n');
        foreach (Section section in report.Sections)
        {
            text.Append('\n').Append(palette.Bold(section.Title)).Append('\n');
            foreach (Block block in section.Blocks)
            {
                Append(text, block, width, palette);
            }
        }

        Prose.Wrap(text, "", $"made by {report.Generator}: {Printable.Of(report.Command)}", 2, width);
        return text.ToString();
    }

    /// <summary>A table, cut into blocks of columns that fit; with a baseline the other rows as differences.</summary>
    public static string Of(Table table, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(table);
        int label = table.IsGrouped ? 1 : 0;
        TextTable lines = new([.. table.Columns.Skip(label + 1).Select(column => column.Title)]);
        string group = "";
        for (int at = 0; at < table.Rows.Count; at++)
        {
            IReadOnlyList<Cell> row = table.Rows[at];
            if (table.IsGrouped && row[0].Text != group)
            {
                group = row[0].Text!;
                lines.Heading(group);
            }

            lines.Row(
                CellText.Of(row[label], table.Columns[label]),
                [.. Enumerable.Range(label + 1, row.Count - label - 1).Select(column => Shown(table, at, column))]);
        }

        return lines.Render(width, palette)
            + string.Concat(table.Note.Split('\n').Where(line => line.Length > 0).Select(line => $"  {line}\n"));
    }

    /// <summary>A cell of a table that may have a baseline.</summary>
    internal static string Shown(Table table, int row, int column) => table.Baseline is int baseline && baseline != row
        ? CellText.Difference(table.Rows[row][column], table.Rows[baseline][column], table.Columns[column])
        : CellText.Of(table.Rows[row][column], table.Columns[column], isBrief: table.Baseline is not null);

    private static void Append(StringBuilder text, Block block, int width, Palette palette)
    {
        switch (block)
        {
            case Paragraph paragraph:
                Prose.Wrap(text, "", Printable.Of(paragraph.Text), 0, width);
                break;
            case Preformatted drawing:
                text.Append(Printable.Lines(drawing.Text));
                break;
            case OnDemand hidden:
                Prose.Wrap(text, "", $"{hidden.Summary}: {Printable.Of(hidden.Text)}", 0, width);
                break;
            case Table table:
                AppendTable(text, table, width, palette);
                break;
            case Chart chart:
                text.Append(palette.Name(chart.Title)).Append('\n');
                Prose.Wrap(text, "", Printable.Of(chart.Description), 0, width);
                AppendTable(text, Thinned(chart.Choices[0], chart.Kind), width, palette);
                break;
        }
    }

    private static void AppendTable(StringBuilder text, Table table, int width, Palette palette)
    {
        text.Append(Of(table, width, palette)).Append(table.Hidden.Length > 0 ? $"  {table.Hidden}\n" : "");
    }

    /// <summary>Of lines some moments, evenly; of all else the first rows.</summary>
    internal static Table Thinned(Table table, ChartKind kind)
    {
        if (table.Rows.Count <= MostRows)
        {
            return table;
        }

        IEnumerable<int> kept = kind == ChartKind.Lines
            ? Enumerable.Range(0, MostRows).Select(at => at * (table.Rows.Count - 1) / (MostRows - 1))
            : Enumerable.Range(0, MostRows);
        return table with
        {
            Rows = [.. kept.Select(at => table.Rows[at])],
            Hidden = $"{Figures.Count(table.Rows.Count - MostRows)} more rows in csv, json and html",
        };
    }
}
