using System.Text.Json;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Reports.Json;

namespace Verso.Reports.Tests.Json;

/// <summary>Documents say what the results say.</summary>
public sealed class JsonReportTests
{
    private static ReplayResult[] Designs => [.. Example.Trace.Designs];

    [Fact]
    public void TheCatalogueHasEveryDesignAndOneReference()
    {
        JsonElement[] designs = [.. JsonDocument.Parse(JsonReport.Render(Catalogue.Designs)).RootElement.GetProperty("designs").EnumerateArray()];
        Assert.Equal(
            Catalogue.Designs.Select(entry => entry.Facts.Name), designs.Select(design => design.GetProperty("name").GetString()));
        JsonElement reference = Assert.Single(designs, design => design.GetProperty("reference").GetBoolean());
        Assert.Equal(ReferenceDesign.Name, reference.GetProperty("name").GetString());
    }

    [Fact]
    public void JsonHasTheFiguresOfTheResult()
    {
        JsonElement trace = JsonDocument.Parse(JsonReport.Render(Example.Comparison)).RootElement.GetProperty("traces")[0];
        Assert.Equal(Example.Trace.Sha256, trace.GetProperty("sha256").GetString());
        Assert.Equal(Designs[0].Events, trace.GetProperty("events").GetInt64());
        JsonElement[] designs = [.. trace.GetProperty("designs").EnumerateArray()];
        Assert.Equal(Designs.Select(design => design.Name), designs.Select(design => design.GetProperty("name").GetString()));
        foreach ((ReplayResult result, JsonElement design) in Designs.Zip(designs))
        {
            Assert.Equal(result.VmasPeak, design.GetProperty("vmasPeak").GetInt64());
            Assert.Equal(
                result.Work.MergesRefused.Values.Sum(),
                design.GetProperty("merges").GetProperty("refused").EnumerateObject().Sum(each => each.Value.GetInt64()));
            Assert.Equal(
                result.Objects.ToDictionary(row => row.Name, row => row.Peak),
                design.GetProperty("objects").EnumerateObject().ToDictionary(each => each.Name, each => each.Value.GetProperty("peak").GetInt64()));
        }
    }
}
