using System.Globalization;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using Verso.Reports.Text;

namespace Verso.Cli.Tests;

/// <summary>What is written as CSV, read back by a reader of CSV that is none of ours.</summary>
public sealed class CsvTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Every figure of every design is the one of the JSON document; some of their names have commas.</summary>
    [Theory]
    [InlineData("demo")]
    [InlineData("regions-random")]
    public void EveryDesignIsReadBack(string example)
    {
        string trace = CommandLine.Example(example);
        List<Row> rows = Read(Compare(trace, "csv"));
        using JsonDocument document = JsonDocument.Parse(Compare(trace, "json"));
        int commas = 0;
        foreach (JsonElement design in document.RootElement.GetProperty("traces")[0].GetProperty("designs").EnumerateArray())
        {
            string name = design.GetProperty("name").GetString()!;
            Dictionary<string, long> figures = rows.Where(row => row.Design == name).ToDictionary(row => row.Metric, row => row.Value);
            Assert.Equal(design.GetProperty("vmasPeak").GetInt64(), figures["vmas.peak"]);
            foreach (JsonProperty own in design.GetProperty("own").EnumerateObject())
            {
                Assert.Equal(own.Value.GetInt64(), figures["own." + own.Name.Replace(' ', '-')]);
                commas += own.Name.Contains(',', StringComparison.Ordinal) ? 1 : 0;
            }
        }

        Assert.True(commas > 0, "no design has a figure with a comma in its name");
        Assert.All(rows, row => Assert.Equal(Printable.Of(trace), row.Trace));
    }

    [Fact]
    public void ANameWithEverythingIsReadBack()
    {
        string trace = Path.Combine(_folder, "a, \"b\"\nc\r.verso");
        File.Copy(CommandLine.Example("regions-random"), trace);
        Assert.All(Read(Compare(trace, "csv")), row => Assert.Equal(Printable.Of(trace), row.Trace));
    }

    private static string Compare(string trace, string format)
    {
        Outcome outcome = CommandLine.Run("compare", trace, "--designs", "all", "--format", format);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return outcome.Output;
    }

    private static List<Row> Read(string text)
    {
        CsvConfiguration strict = new(CultureInfo.InvariantCulture)
        {
            DetectColumnCountChanges = true,
            Mode = CsvMode.RFC4180,
        };
        using CsvReader reader = new(new StringReader(text), strict);
        Assert.True(reader.Read() && reader.ReadHeader());
        string[] columns =
        [
            "trace", "sha256", "grade", "vmas_matched", "vmas_total", "graph_matched", "graph_total", "design", "metric",
            "unit", "value",
        ];
        Assert.Equal(columns, reader.HeaderRecord);
        List<Row> rows = [];
        while (reader.Read())
        {
            rows.Add(new Row(
                reader.GetField("trace")!, reader.GetField("design")!, reader.GetField("metric")!, reader.GetField<long>("value")));
        }

        return rows;
    }

    private sealed record Row(string Trace, string Design, string Metric, long Value);
}
