using System.Text;

namespace Verso.Reports.Text;

/// <summary>
/// A table of a label column and figures to its right, cut into blocks of columns that fit the width.
/// </summary>
public sealed class TextTable(IReadOnlyList<string> columns)
{
    private const int Gap = 2;

    private readonly List<(string Label, IReadOnlyList<string>? Cells)> _rows = [];

    /// <summary>A heading of its own over the rows that follow.</summary>
    public void Heading(string label) => _rows.Add((label, null));

    /// <summary>A row. Cells are as many as the columns.</summary>
    public void Row(string label, IReadOnlyList<string> cells) => _rows.Add(($"  {label}", cells));

    public string Render(int width, Palette palette)
    {
        int labelWidth = _rows.Select(row => row.Cells is null ? 0 : row.Label.Length).DefaultIfEmpty().Max();
        int[] widths = [.. Enumerable.Range(0, columns.Count).Select(WidthOf)];
        StringBuilder text = new();
        for (int first = 0; first < columns.Count;)
        {
            int end = first;
            int used = labelWidth;
            while (end < columns.Count && (end == first || used + Gap + widths[end] <= width))
            {
                used += Gap + widths[end++];
            }

            if (first > 0)
            {
                text.Append('\n');
            }

            RenderBlock(text, palette, labelWidth, widths, first, end);
            first = end;
        }

        return text.ToString();
    }

    private int WidthOf(int column) =>
        Math.Max(
        columns[column].Length, _rows.Select(row => row.Cells?[column].Length ?? 0).DefaultIfEmpty().Max());

    private void RenderBlock(StringBuilder text, Palette palette, int labelWidth, int[] widths, int first, int end)
    {
        text.Append(' ', labelWidth);
        for (int column = first; column < end; column++)
        {
            text.Append(' ', Gap + widths[column] - columns[column].Length).Append(palette.Name(columns[column]));
        }

        text.Append('\n');
        foreach ((string label, IReadOnlyList<string>? cells) in _rows)
        {
            text.Append(cells is null ? palette.Bold(label) : label.PadRight(labelWidth));
            for (int column = first; cells is not null && column < end; column++)
            {
                text.Append(' ', Gap).Append(cells[column].PadLeft(widths[column]));
            }

            text.Append('\n');
        }
    }
}
