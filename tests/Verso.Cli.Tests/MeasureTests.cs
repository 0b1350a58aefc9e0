using System.Globalization;
using System.Text.Json;

namespace Verso.Cli.Tests;

/// <summary>Times stand nowhere unless they were measured, and then with their spread.</summary>
public sealed class MeasureTests
{
    private const string Designs = "pte-chain,anon-vma-chain,cow-context";

    [Theory]
    [InlineData("text")]
    [InlineData("lkp")]
    [InlineData("csv")]
    [InlineData("json")]
    public void WithoutAskingThereAreNone(string format)
    {
        string output = Compare("--format", format);
        Assert.DoesNotContain("elapsed", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("econd", output.Replace("durationNanoseconds", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(output, Compare("--format", format));
    }

    [Fact]
    public void EveryDesignHasItsSpread()
    {
        using JsonDocument document = JsonDocument.Parse(Compare("--measure=3", "-j"));
        JsonElement designs = document.RootElement.GetProperty("traces")[0].GetProperty("designs");
        Assert.Equal(3, designs.GetArrayLength());
        foreach (JsonElement design in designs.EnumerateArray())
        {
            JsonElement times = design.GetProperty("times");
            Assert.Equal(3, times.GetProperty("rounds").GetInt32());
            long median = design.GetProperty("elapsedNanoseconds").GetInt64();
            Assert.InRange(
                median, times.GetProperty("elapsedLeastNanoseconds").GetInt64(), times.GetProperty("elapsedMostNanoseconds").GetInt64());
            Assert.InRange(design.GetProperty("engineNanoseconds").GetInt64(), 1, median);
            Assert.True(design.GetProperty("eventsPerSecond").GetInt64() > 0);
        }
    }

    [Theory]
    [InlineData("text", "elapsed, median", "elapsed, least", "elapsed, most", "events a second")]
    [InlineData("csv", "elapsed.median,ns", "engine.least,ns", "engine.most,ns", "events,1/s")]
    [InlineData("lkp", "elapsed.median.ms", "elapsed.least.ms", "elapsed.most.ms", "events_per_second")]
    public void EveryFormatShowsThem(string format, params string[] parts)
    {
        string output = Compare("--measure=1", "--format", format);
        Assert.All(parts, part => Assert.Contains(part, output, StringComparison.Ordinal));
    }

    [Fact]
    public void ReplayShowsThemOnALine()
    {
        string trace = CommandLine.Example("regions-random");
        Assert.DoesNotContain("time ", CommandLine.Run("replay", trace).Output, StringComparison.Ordinal);
        string line = CommandLine.Run("replay", trace, "--measure=2").Output.Split('\n')
            .Single(each => each.StartsWith("  time ", StringComparison.Ordinal));
        Assert.Contains(" in 2 rounds, the engine alone ", line, StringComparison.Ordinal);
        CommandLine.Run("replay", trace, "--merges", "--measure=2").AssertTrouble("--measure cannot be combined with --merges");
        CommandLine.Run("replay", trace, "--measure=0").AssertTrouble("--measure takes a whole number from 1");
    }

    /// <summary>
    /// The same design once first and once last: what it took as the first of a process stands beside it no more. A
    /// loose bound, since other work may be going on.
    /// </summary>
    [Fact]
    public void TheOrderOfDesignsDoesNotMatter()
    {
        double ratio = Median("pte-chain,anon-vma-chain", "pte-chain") / (double)Median("anon-vma-chain,pte-chain", "pte-chain");
        Assert.True(ratio is > 0.2 and < 5, ratio.ToString(CultureInfo.InvariantCulture));
    }

    private static long Median(string designs, string name)
    {
        Outcome outcome = CommandLine.Run(
            "compare", CommandLine.Example("demo"), "--designs", designs, "--jobs", "1", "--measure=5", "-j");
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.GetProperty("traces")[0].GetProperty("designs").EnumerateArray()
            .Single(design => design.GetProperty("name").GetString() == name).GetProperty("elapsedNanoseconds").GetInt64();
    }

    private static string Compare(params string[] words)
    {
        Outcome outcome = CommandLine.Run(["compare", CommandLine.Example("regions-random"), "--designs", Designs, .. words]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return outcome.Output;
    }
}
