using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Verso.Lab.Words;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Rendering;

/// <summary>A report as JSON: <c>verso-report/1</c>, every number of it.</summary>
public static class JsonRendering
{
    /// <summary>The whole report, a document.</summary>
    /// <param name="report">It.</param>
    /// <param name="isForHtml">Without line ends, and with what HTML would take for its own escaped.</param>
    public static string Of(Report report, bool isForHtml = false)
    {
        ArgumentNullException.ThrowIfNull(report);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions
        {
            Indented = !isForHtml,
            Encoder = isForHtml ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            writer.WriteStartObject();
            writer.WriteString("schema", "verso-report/1");
            writer.WriteString("title", report.Title);
            writer.WriteString("generator", report.Generator);
            writer.WriteString("command", report.Command);
            if (isForHtml)
            {
                WriteColours(writer);
            }

            writer.WriteStartArray("sections");
            foreach (Section section in report.Sections)
            {
                writer.WriteStartObject();
                writer.WriteString("id", section.Id);
                writer.WriteString("title", section.Title);
                writer.WriteStartArray("blocks");
                foreach (Block block in section.Blocks)
                {
                    Write(writer, block);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        string json = Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
        return isForHtml ? json : Printable.Json(json) + "\n";
    }

    private static void WriteColours(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("colours");
        foreach (string colour in ChartColours.Series)
        {
            writer.WriteStringValue(colour);
        }

        writer.WriteEndArray();
        writer.WriteString("colourOfNothing", ChartColours.Nothing);
    }

    private static void Write(Utf8JsonWriter writer, Block block)
    {
        writer.WriteStartObject();
        switch (block)
        {
            case Paragraph paragraph:
                writer.WriteString("type", "paragraph");
                writer.WriteString("text", paragraph.Text);
                break;
            case Preformatted drawing:
                writer.WriteString("type", "preformatted");
                writer.WriteString("text", drawing.Text);
                break;
            case OnDemand hidden:
                writer.WriteString("type", "on-demand");
                writer.WriteString("summary", hidden.Summary);
                writer.WriteString("text", hidden.Text);
                break;
            case Table table:
                writer.WriteString("type", "table");
                WriteTable(writer, table);
                break;
            case Chart chart:
                WriteChart(writer, chart);
                break;
        }

        writer.WriteEndObject();
    }

    private static void WriteChart(Utf8JsonWriter writer, Chart chart)
    {
        writer.WriteString("type", "chart");
        writer.WriteString("id", chart.Id);
        writer.WriteString("title", chart.Title);
        writer.WriteString("kind", Kebab.Of(chart.Kind.ToString()));
        writer.WriteString("description", chart.Description);
        writer.WriteString("choice", chart.Choice);
        writer.WriteBoolean("isLogarithmic", chart.IsLogarithmic);
        if (chart.Limit is (string name, double value))
        {
            writer.WriteStartObject("limit");
            writer.WriteString("name", name);
            writer.WriteNumber("value", value);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("choices");
        foreach (Table table in chart.Choices)
        {
            writer.WriteStartObject();
            WriteTable(writer, table);
            if (chart.Kind == ChartKind.Lines)
            {
                WriteLines(writer, table);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLines(Utf8JsonWriter writer, Table table)
    {
        writer.WriteStartArray("lines");
        foreach (ChartLine line in ChartLine.Of(table))
        {
            writer.WriteStartObject();
            writer.WriteString("name", line.Name);
            writer.WriteNumber("column", line.Column);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTable(Utf8JsonWriter writer, Table table)
    {
        writer.WriteString("id", table.Id);
        writer.WriteString("title", table.Title);
        writer.WriteString("note", table.Note);
        writer.WriteString("hidden", table.Hidden);
        if (table.Baseline is int baseline)
        {
            writer.WriteNumber("baseline", baseline);
        }

        writer.WriteStartArray("columns");
        foreach (Column column in table.Columns)
        {
            writer.WriteStartObject();
            writer.WriteString("key", column.Key);
            writer.WriteString("title", column.Title);
            writer.WriteString("unit", Kebab.Of(column.Unit.ToString()));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("rows");
        foreach (IReadOnlyList<Cell> row in table.Rows)
        {
            writer.WriteStartArray();
            foreach (Cell cell in row)
            {
                Write(writer, cell);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, Cell cell)
    {
        if (cell.Text is string text)
        {
            writer.WriteStringValue(text);
        }
        else if (cell.Count is long count)
        {
            writer.WriteNumberValue(count);
        }
        else if (cell.Real is double real)
        {
            writer.WriteNumberValue(real);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
