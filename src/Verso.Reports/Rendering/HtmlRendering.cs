using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Reflection;
using System.Text;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Rendering;

/// <summary>
/// A report as one HTML file, which asks for nothing of any host: style, script, charts' library and numbers are in it.
/// Without a script it has its sentences and tables.
/// </summary>
public static class HtmlRendering
{
    /// <summary>From so many letters on the numbers are compressed.</summary>
    private const int LeastCompressed = 1 << 16;

    /// <summary>Text of a cell that may be on several lines.</summary>
    private const int LongText = 60;

    /// <summary>The browser itself refuses whatever would be fetched.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

    private const string ChartsNotice =
        "<p>Charts: Apache ECharts (Apache License 2.0, apache.org/licenses/LICENSE-2.0).</p>\n";

    public static string Of(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        StringBuilder html = new(1 << 21);
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n")
            .Append($"<meta name=\"generator\" content=\"{Escaped(report.Generator)}\">\n")
            .Append("<link rel=\"icon\" href=\"data:,\">\n")
            .Append($"<title>{Escaped(report.Title)}</title>\n")
            .Append($"<style>\n{Resource("report.css")}</style>\n</head>\n<body>\n")
            .Append("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n")
            .Append($"<header><h1>{Escaped(report.Title)}</h1></header>\n<nav aria-label=\"Sections\"><ul>\n");
        foreach (Section section in report.Sections)
        {
            html.Append($"<li><a href=\"#{section.Id}\">{Escaped(section.Title)}</a></li>\n");
        }

        html.Append("</ul></nav>\n")
            .Append(report.Legend.Length > 0 ? $"<p class=\"note\">{Escaped(report.Legend)}</p>\n" : "")
            .Append(report.IsStepped ? "<main id=\"main\" class=\"stepped\">\n" : "<main id=\"main\">\n");
        foreach (Section section in report.Sections)
        {
            string marks = section.Marks.Count > 0 ? $" data-marks=\"{string.Join(' ', section.Marks)}\"" : "";
            html.Append($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-title\"{marks}>\n")
                .Append($"<h2 id=\"{section.Id}-title\"><a href=\"#{section.Id}\">{Escaped(section.Title)}</a></h2>\n");
            foreach (Block block in section.Blocks)
            {
                Append(html, block);
            }

            html.Append("</section>\n");
        }

        html.Append("</main>\n<footer>\n")
            .Append($"<p>Made by {Escaped(report.Generator)}: <code>{Escaped(report.Command)}</code></p>\n")
            .Append(report.Tables.Any() ? ChartsNotice : "").Append("</footer>\n");
        AppendScripts(html, report);
        return html.Append("</body>\n</html>\n").ToString();
    }

    /// <summary>Who has no numbers needs nothing that draws them.</summary>
    private static void AppendScripts(StringBuilder html, Report report)
    {
        if (report.Tables.Any())
        {
            AppendData(html, "report-data", "application/json", JsonReport.ForHtml(report));
            AppendData(html, "echarts", "text/plain", Resource("echarts.js"));
            html.Append($"<script>{Resource("report.js")}</script>\n");
        }

        html.Append(report.IsStepped ? $"<script>{Resource("step.js")}</script>\n" : "");
    }

    private static void AppendData(StringBuilder html, string id, string type, string text)
    {
        bool isCompressed = text.Length >= LeastCompressed;
        string coding = isCompressed ? " data-coding=\"gzip\"" : "";
        html.Append($"<script type=\"{type}\" id=\"{id}\"{coding}>")
            .Append(isCompressed ? Compressed(text) : text).Append("</script>\n");
    }

    private static string Compressed(string text)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToBase64String(compressed.GetBuffer(), 0, (int)compressed.Length);
    }

    private static void Append(StringBuilder html, Block block)
    {
        switch (block)
        {
            case Paragraph paragraph:
                html.Append($"<p>{Escaped(paragraph.Text)}</p>\n");
                break;
            case Preformatted drawing:
                html.Append($"<pre tabindex=\"0\">{WebUtility.HtmlEncode(Printable.Lines(drawing.Text))}</pre>\n");
                break;
            case OnDemand hidden:
                html.Append($"<details><summary>{Escaped(hidden.Summary)}</summary>")
                    .Append($"<p>{Escaped(hidden.Text)}</p></details>\n");
                break;
            case Table table:
                AppendTable(html, table);
                html.Append("<div class=\"controls\">")
                    .Append($"<button type=\"button\" data-table=\"{table.Id}\">CSV</button></div>\n");
                break;
            case Chart chart:
                AppendChart(html, chart);
                break;
        }
    }

    private static void AppendChart(StringBuilder html, Chart chart)
    {
        html.Append($"<figure id=\"{chart.Id}\">\n")
            .Append($"<figcaption><a href=\"#{chart.Id}\">{Escaped(chart.Title)}</a></figcaption>\n")
            .Append($"<p>{Escaped(chart.Description)}</p>\n<div class=\"controls\"></div>\n")
            .Append($"<div class=\"chart\" role=\"img\" tabindex=\"0\" aria-label=\"{Escaped(chart.Title)}\"></div>\n")
            .Append("<output aria-live=\"polite\"></output>\n<noscript>\n");
        AppendTable(html, TextRendering.Thinned(chart.Choices[0], chart.Kind));
        html.Append("</noscript>\n<p class=\"hidden\"></p>\n<details><summary>Numbers</summary>")
            .Append("<div class=\"scroll\" tabindex=\"0\"></div><p class=\"more\"></p></details>\n</figure>\n");
    }

    private static void AppendTable(StringBuilder html, Table table)
    {
        int label = table.IsGrouped ? 1 : 0;
        html.Append($"<div class=\"scroll\" tabindex=\"0\"><table id=\"{table.Id}\">")
            .Append($"<caption>{Escaped(table.Title)}</caption>\n<thead><tr>");
        foreach (Column column in table.Columns.Skip(label))
        {
            string kind = column.Unit == Unit.None ? " class=\"word\"" : "";
            html.Append($"<th scope=\"col\"{kind}>{Escaped(column.Title)}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        string group = "";
        for (int at = 0; at < table.Rows.Count; at++)
        {
            if (table.IsGrouped && table.Rows[at][0].Text is string heading && heading != group)
            {
                group = heading;
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<tr><th class=\"group\" colspan=\"{table.Columns.Count - 1}\">{Escaped(group)}</th></tr>\n");
            }

            AppendRow(html, table, at, label);
        }

        html.Append("</tbody></table></div>\n");
        foreach (string line in (string[])[table.Note, table.Hidden])
        {
            if (line.Length > 0)
                html.Append($"<p class=\"note\">{Escaped(CellText.OnOneLine(line))}</p>\n");
        }
    }

    private static void AppendRow(StringBuilder html, Table table, int at, int label)
    {
        IReadOnlyList<Cell> row = table.Rows[at];
        html.Append(at == table.Baseline ? "<tr class=\"reference\">" : "<tr>")
            .Append($"<th scope=\"row\">{Escaped(CellText.Of(row[label], table.Columns[label]))}</th>");
        for (int column = label + 1; column < row.Count; column++)
        {
            string text = CellText.Of(row[column], table.Columns[column]);
            bool isWord = table.Columns[column].Unit == Unit.None && row[column].Unit is null;
            string kind = !isWord ? "" : text.Length > LongText ? " class=\"word long\"" : " class=\"word\"";
            html.Append($"<td{kind}>{Escaped(text)}{Difference(table, at, column)}</td>");
        }

        html.Append("</tr>\n");
    }

    /// <summary>Against the row that others are compared with, in small letters.</summary>
    private static string Difference(Table table, int row, int column)
    {
        if (table.Baseline is not int baseline || baseline == row
            || table.Rows[row][column].Number is not double number
            || table.Rows[baseline][column].Number is not double reference)
        {
            return "";
        }

        string text = CellText.Difference(table.Rows[row][column], table.Rows[baseline][column], table.Columns[column]);
        return text == "=" ? "" : $"<small class=\"{(number < reference ? "less" : "more")}\">{Escaped(text)}</small>";
    }

    private static string Escaped(string text) => WebUtility.HtmlEncode(Printable.Of(text));

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"{name} is missing from this build");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
