using System.Text;
using System.Text.Json.Nodes;
using Verso.Lab.Playing;
using Verso.Lab.Studies;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Views;

namespace Verso.Reports.Tests.Json;

/// <summary>What compare -j prints is read back, and shows the numbers that it was made of.</summary>
public sealed class ComparisonFileTests
{
    private static string Printed => JsonReport.Render(Example.Comparison, [new("run", "7")]);

    [Fact]
    public void TheTablesAreThoseOfTheRecordingItself()
    {
        Dictionary<string, Table> own = Tables(RecordingReport.Sections(new RecordingStudy(Example.Trace), ""));
        Dictionary<string, Table> read = Tables(ResultsReport.Sections(Read(Printed), "results.json", ""));
        string[] shared = ["summary-table", "walks-visited", "locks-work-table", "locks-taken-table", "figures-table", "own-reflink"];
        Assert.All(shared, id =>
        {
            Assert.Equal(own[id].Columns, read[id].Columns);

            // Names of what a design counts are told without saying that they are peaks.
            int first = id == "own-reflink" ? 1 : 0;
            Assert.Equal(own[id].Rows.Select(row => row.Skip(first)), read[id].Rows.Select(row => row.Skip(first)));
            Assert.Equal(own[id].Baseline, read[id].Baseline);
        });
        Assert.Contains(read["origin-table"].Rows, row => row[0].Text == "sha256" && row[1].Text == Example.Trace.Sha256);
        Assert.Contains(read["origin-table"].Rows, row => row[0].Text == "label run" && row[1].Text == "7");
    }

    [Fact]
    public void EveryFigureIsInTheDocument() => Assert.All(Example.Trace.Designs, design => Assert.Equal(
        Metrics.Of(design).Select(metric => (metric.Key, metric.Value, metric.Unit)),
        Metrics.Of(Read(Printed).Traces[0].Designs.Single(told => told.Name == design.Name))
            .Select(metric => (metric.Key, metric.Value, metric.Unit))));

    /// <summary>Before, it was not said: the column is left out.</summary>
    [Fact]
    public void ADocumentOfAnEarlierVersionIsRead()
    {
        JsonNode document = JsonNode.Parse(Printed)!;
        foreach (JsonNode? design in document["traces"]![0]!["designs"]!.AsArray())
        {
            design!.AsObject().Remove("bytesWithStructs");
        }

        ComparisonDocument read = Read(document.ToJsonString());
        Assert.DoesNotContain(ComparisonView.Summary(read.Traces[0], "s").Columns, column => column.Key == "together");
    }

    /// <summary>Whatever is taken out or replaced, by one word of the document after the other.</summary>
    [Fact]
    public void EveryKeyThatIsNullOrOfAnotherKindIsRefusedOrRead()
    {
        JsonNode whole = JsonNode.Parse(Printed)!;
        foreach (string path in Paths(whole).ToArray())
        {
            foreach (string other in (string[])["null", "-1", "[]", "{}", "\"\\u001b[2J\"", "9223372036854775807", "[null]", "{\"a\":null}"])
            {
                JsonNode changed = JsonNode.Parse(Printed)!;
                Replace(changed, path, JsonNode.Parse(other));
                try
                {
                    IReadOnlyList<Section> sections = ResultsReport.Sections(Read(changed.ToJsonString()), "x", "");
                    string[] ids = [.. Tables(sections).Keys];
                    Assert.Equal(ids.Length, ids.Distinct().Count());
                }
                catch (InputException refused)
                {
                    Assert.DoesNotContain('\n', refused.Message);
                }
            }
        }
    }

    private static ComparisonDocument Read(string text) =>
        ComparisonFile.Read("x.json", new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static Dictionary<string, Table> Tables(IReadOnlyList<Section> sections) =>
        new Report { Title = "", Command = "", Generator = "", Sections = sections }.Tables.ToDictionary(table => table.Id);

    /// <summary>Places as <c>traces/0/name</c>; of designs those of the first.</summary>
    private static IEnumerable<string> Paths(JsonNode? node, string at = "") => node switch
    {
        JsonObject map => map.SelectMany(each => Paths(each.Value, $"{at}/{each.Key}").Prepend($"{at}/{each.Key}")),
        JsonArray { Count: > 0 } list => Paths(list[0], $"{at}/0").Prepend($"{at}/0"),
        _ => [],
    };

    private static void Replace(JsonNode node, string path, JsonNode? other)
    {
        string[] keys = path.Split('/')[1..];
        foreach (string key in keys[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(key, null)]! : node[key]!;
        }

        if (node is JsonArray last)
        {
            last[int.Parse(keys[^1], null)] = other;
        }
        else
        {
            node[keys[^1]] = other;
        }
    }
}
