using System.Text;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Rendering;

/// <summary>A report, or a part of one, as Markdown: GitHub's tables.</summary>
public static class MarkdownRendering
{
    /// <summary>All of it.</summary>
    public static string Of(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        StringBuilder text = new();
        text.Append($"# {Escaped(report.Title)}\n");
        foreach (Section section in report.Sections)
        {
            text.Append($"\n## {Escaped(section.Title)}\n");
            foreach (Block block in section.Blocks)
            {
                text.Append('\n').Append(Of(block));
            }
        }

        return text.Append($"\nMade by {report.Generator}: `{Printable.Of(report.Command)}`\n").ToString();
    }

    /// <summary>A part.</summary>
    public static string Of(Block block) => block switch
    {
        Paragraph paragraph => Escaped(paragraph.Text) + "\n",
        Preformatted drawing => $"```\n{Printable.Lines(drawing.Text)}```\n",
        OnDemand hidden => $"{Escaped(hidden.Summary)}: {Escaped(hidden.Text)}\n",
        Table table => OfTable(table),
        Chart chart => $"{Escaped(chart.Description)}\n\n"
            + OfTable(TextRendering.Thinned(chart.Choices[0], chart.Kind)),
        _ => "",
    };

    private static string OfTable(Table table)
    {
        StringBuilder text = new();
        string[][] rows =
        [
            [.. table.Columns.Select(column => Escaped(column.Title))],
            .. table.Rows.Select((row, at) =>
                row.Select((_, column) => Escaped(TextRendering.Shown(table, at, column))).ToArray()),
        ];
        int[] widths = [.. table.Columns.Select((_, column) => Math.Max(3, rows.Max(row => row[column].Length)))];
        bool[] isNumber = [.. table.Columns.Select(column => column.Unit != Unit.None)];
        Append(text, rows[0], widths, isNumber);
        for (int column = 0; column < widths.Length; column++)
        {
            text.Append('|').Append(isNumber[column]
                ? $" {new string('-', widths[column] - 1)}: " : $" {new string('-', widths[column])} ");
        }

        text.Append("|\n");
        foreach (string[] row in rows.Skip(1))
        {
            Append(text, row, widths, isNumber);
        }

        return text.Append(table.Note.Length > 0 ? $"\n{Escaped(CellText.OnOneLine(table.Note))}\n" : "")
            .Append(table.Hidden.Length > 0 ? $"\n{Escaped(table.Hidden)}\n" : "").ToString();
    }

    private static void Append(StringBuilder text, string[] row, int[] widths, bool[] isNumber)
    {
        for (int column = 0; column < row.Length; column++)
        {
            text.Append("| ").Append(isNumber[column]
                ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column])).Append(' ');
        }

        text.Append("|\n");
    }

    /// <summary>What Markdown would take for its own.</summary>
    private static string Escaped(string text)
    {
        StringBuilder escaped = new();
        foreach (char letter in Printable.Of(text))
        {
            _ = letter is '|' or '<' or '*' or '`' or '[' or '\\' ? escaped.Append('\\') : escaped;
            escaped.Append(letter);
        }

        return escaped.ToString();
    }
}
