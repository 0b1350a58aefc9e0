using System.Text.Json;
using System.Text.Json.Serialization;
using Verso.Lab.Words;
using Verso.Reports.Model;

namespace Verso.Reports.Json;

/// <summary>
/// <c>verso report -j</c>: all numbers of a report, and of its charts. The page has the same in it, for its charts.
/// </summary>
/// <example>verso report examples/bash-pipeline.verso -o - -j</example>
/// <param name="Schema"><c>verso-report/1</c></param>
/// <param name="Title">What it is a report of.</param>
/// <param name="Generator">The program and its version.</param>
/// <param name="Command">By what command it was made.</param>
/// <param name="Colours">What charts are drawn in, series in turn; in a page only.</param>
/// <param name="ColourOfNothing">Of address space that is not mapped; in a page only.</param>
/// <param name="Sections">Its sections, in order.</param>
public sealed record ReportDocument(
    string Schema,
    string Title,
    string Generator,
    string Command,
    IReadOnlyList<string>? Colours,
    string? ColourOfNothing,
    IReadOnlyList<SectionDocument> Sections);

/// <summary>A section.</summary>
/// <param name="Id">The fragment of its link.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Blocks">What is in it, in order; fields that are not of its type are left out of a block.</param>
public sealed record SectionDocument(string Id, string Title, IReadOnlyList<BlockDocument> Blocks);

/// <summary>A block of a section.</summary>
public sealed record BlockDocument
{
    /// <summary><c>paragraph</c>, <c>preformatted</c>, <c>on-demand</c>, <c>table</c>, <c>chart</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Of <c>on-demand</c>: what is asked for.</summary>
    public string? Summary { get; init; }

    /// <summary>Of <c>paragraph</c>, <c>preformatted</c> and <c>on-demand</c>: it.</summary>
    public string? Text { get; init; }

    /// <summary>Of a table or chart: unique in the report; a link leads to it.</summary>
    public string? Id { get; init; }

    /// <summary>Of a table or chart: what it shows.</summary>
    public string? Title { get; init; }

    /// <summary>Of a table: what has to be known to read it; may be empty.</summary>
    public string? Note { get; init; }

    /// <summary>Of a table: what it does not show, in words; may be empty.</summary>
    public string? Hidden { get; init; }

    /// <summary>Of a table: the row, from 0, that others are compared with; left out if there is none.</summary>
    public int? Baseline { get; init; }

    /// <summary>Of a table: its columns.</summary>
    public IReadOnlyList<ColumnDocument>? Columns { get; init; }

    /// <summary>Of a table: its rows, a cell a column.</summary>
    public IReadOnlyList<IReadOnlyList<Cell>>? Rows { get; init; }

    /// <summary>
    /// Of a chart: <c>lines</c>, <c>bars</c>, <c>stack</c>, <c>tree</c>, <c>strip</c>, <c>graph</c>, <c>matrix</c>.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>Of a chart: what one sees, in a sentence.</summary>
    public string? Description { get; init; }

    /// <summary>Of a chart: what the choice is between; empty where there is none.</summary>
    public string? Choice { get; init; }

    /// <summary>Of a chart: whether it is logarithmic at first.</summary>
    public bool? IsLogarithmic { get; init; }

    /// <summary>Of a chart: a line across it; left out if there is none.</summary>
    public LimitDocument? Limit { get; init; }

    /// <summary>Of a chart: the tables it is drawn from, one at a time, the first at first.</summary>
    public IReadOnlyList<ChoiceDocument>? Choices { get; init; }
}

/// <summary>A table that a chart is drawn from.</summary>
/// <param name="Id">Unique in the report: the name of its file as CSV.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Note">What has to be known to read it; may be empty.</param>
/// <param name="Hidden">What it does not show, in words; may be empty.</param>
/// <param name="Baseline">The row, from 0, that others are compared with; left out if there is none.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Rows">Its rows, a cell a column.</param>
/// <param name="Lines">Of a chart of lines: they; columns whose numbers are all equal are one.</param>
public sealed record ChoiceDocument(
    string Id,
    string Title,
    string Note,
    string Hidden,
    int? Baseline,
    IReadOnlyList<ColumnDocument> Columns,
    IReadOnlyList<IReadOnlyList<Cell>> Rows,
    IReadOnlyList<ChartLine>? Lines);

/// <summary>A column.</summary>
/// <param name="Key">Its name in files.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Unit">
/// Of its numbers: <c>none</c> (words), <c>count</c>, <c>bytes</c>, <c>nanoseconds</c>, <c>per-second</c>,
/// <c>ratio</c>, <c>address</c>, <c>seconds</c>.
/// </param>
public sealed record ColumnDocument(string Key, string Title, string Unit);

/// <summary>A line across a chart.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Where.</param>
public sealed record LimitDocument(string Name, double Value);

/// <summary>A cell: a text, a number, or null.</summary>
internal sealed class CellConverter : JsonConverter<Cell>
{
    public override Cell Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Cell value, JsonSerializerOptions options)
    {
        if (value.Text is string text)
        {
            writer.WriteStringValue(text);
        }
        else if (value.Count is long count)
        {
            writer.WriteNumberValue(count);
        }
        else if (value.Real is double real)
        {
            writer.WriteNumberValue(real);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

/// <summary>Reports turned into documents.</summary>
internal static class ReportDocuments
{
    /// <param name="report">It.</param>
    /// <param name="isForHtml">Whether charts are drawn from it, and need colours.</param>
    public static ReportDocument Of(Report report, bool isForHtml) => new(
        "verso-report/1",
        report.Title,
        report.Generator,
        report.Command,
        isForHtml ? ChartColours.Series : null,
        isForHtml ? ChartColours.Nothing : null,
        [.. report.Sections.Select(section =>
            new SectionDocument(section.Id, section.Title, [.. section.Blocks.Select(Of)]))]);

    private static BlockDocument Of(Block block) => block switch
    {
        Paragraph paragraph => new() { Type = "paragraph", Text = paragraph.Text },
        Preformatted drawing => new() { Type = "preformatted", Text = drawing.Text },
        OnDemand hidden => new() { Type = "on-demand", Summary = hidden.Summary, Text = hidden.Text },
        Table table => new()
        {
            Type = "table",
            Id = table.Id,
            Title = table.Title,
            Note = table.Note,
            Hidden = table.Hidden,
            Baseline = table.Baseline,
            Columns = Of(table.Columns),
            Rows = table.Rows,
        },
        Chart chart => new()
        {
            Type = "chart",
            Id = chart.Id,
            Title = chart.Title,
            Kind = Kebab.Of(chart.Kind.ToString()),
            Description = chart.Description,
            Choice = chart.Choice,
            IsLogarithmic = chart.IsLogarithmic,
            Limit = chart.Limit is (string name, double value) ? new LimitDocument(name, value) : null,
            Choices = [.. chart.Choices.Select(table => Of(chart, table))],
        },
        _ => throw new ArgumentOutOfRangeException(nameof(block)),
    };

    private static ChoiceDocument Of(Chart chart, Table table) => new(
        table.Id,
        table.Title,
        table.Note,
        table.Hidden,
        table.Baseline,
        Of(table.Columns),
        table.Rows,
        chart.Kind == ChartKind.Lines ? ChartLine.Of(table) : null);

    private static ColumnDocument[] Of(IReadOnlyList<Column> columns) =>
        [.. columns.Select(column => new ColumnDocument(column.Key, column.Title, Kebab.Of(column.Unit.ToString())))];
}
