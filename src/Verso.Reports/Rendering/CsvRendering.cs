using nietras.SeparatedValues;
using Verso.Reports.Model;

namespace Verso.Reports.Rendering;

/// <summary>Tables as CSV (RFC 4180, but lines end in LF).</summary>
public static class CsvRendering
{
    /// <summary>All tables of a report: a line a cell, so that columns never change.</summary>
    public static string Of(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        using SepWriter writer = Sep.New(',').Writer(options => options with { Escape = true }).ToText();
        foreach (Table table in report.Tables)
        {
            for (int at = 0; at < table.Rows.Count; at++)
            {
                for (int column = 0; column < table.Columns.Count; column++)
                {
                    using SepWriter.Row row = writer.NewRow();
                    row["table"].Set(table.Id);
                    row["row"].Format(at + 1);
                    row["column"].Set(table.Columns[column].Key);
                    row["value"].Set(CellText.Plain(table.Rows[at][column]));
                }
            }
        }

        return writer.ToString();
    }

    /// <summary>One table as it is: a line of its columns' keys, and a line a row.</summary>
    public static string Of(Table table)
    {
        ArgumentNullException.ThrowIfNull(table);
        using SepWriter writer = Sep.New(',').Writer(options => options with { Escape = true }).ToText();
        writer.Header.Add([.. table.Columns.Select(column => column.Key)]);
        foreach (IReadOnlyList<Cell> cells in table.Rows)
        {
            using SepWriter.Row row = writer.NewRow();
            for (int column = 0; column < cells.Count; column++)
            {
                row[column].Set(CellText.Plain(cells[column]));
            }
        }

        return writer.ToString();
    }
}
