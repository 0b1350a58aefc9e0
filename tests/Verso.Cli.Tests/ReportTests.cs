using System.Diagnostics;
using System.Text.Json;

namespace Verso.Cli.Tests;

/// <summary>verso report: what it takes, where it writes, and what is left out.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("demo.verso", "summary,time,processes,space,graph,walks,locks,figures,origin")]
    [InlineData("redis-fork.vsnap", "summary,processes,space,graph,origin")]
    public void FromStandardInputAsFromAFile(string example, string sections)
    {
        string path = Path.Combine(CommandLine.Root, "examples", example);
        Outcome file = CommandLine.Run("report", path, "-j");
        Outcome input = CommandLine.Run(
            new ProcessStartInfo("bash", ["-c", $"cat '{path}' | '{CommandLine.Program}' report - -j"]));
        Assert.Equal((0, ""), (file.Status, file.Error));
        Assert.Equal((0, ""), (input.Status, input.Error));
        Assert.Equal(sections, Sections(file.Output));
        Assert.Equal(sections, Sections(input.Output));
    }

    [Fact]
    public void AScenarioAsItsViews()
    {
        string path = Path.Combine(CommandLine.Root, "scenarios/fork/reuse-one-child.txt");
        Outcome outcome = CommandLine.Run("report", path, "-j");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Equal("summary,time,space,graph,walks,locks,figures,origin", Sections(outcome.Output));
        Assert.Contains("write D 4 3", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("checkpoint", outcome.Output, StringComparison.Ordinal);
    }

    /// <summary>As <c>verso compare -j | verso report -</c> gives it too.</summary>
    [Fact]
    public void WhatCompareHasPrinted()
    {
        string path = Path.Combine(_folder, "results.json");
        File.WriteAllText(path, CommandLine.Run("compare", CommandLine.Example("demo"), "-j").Output);
        Outcome file = CommandLine.Run("report", path, "-j");
        Outcome input = CommandLine.Run(
            new ProcessStartInfo("bash", ["-c", $"cat '{path}' | '{CommandLine.Program}' report - -j"]));
        Assert.Equal((0, ""), (file.Status, file.Error));
        Assert.Equal("summary,walks,locks,figures,origin", Sections(file.Output));
        Assert.Equal(Sections(file.Output), Sections(input.Output));
        CommandLine.Run("report", path, "-j", "--designs", "pte-chain").AssertTrouble("--designs does not change results");
        CommandLine.Run("compare", path).AssertTrouble("at byte 0");
    }

    [Fact]
    public void SeveralFilesHaveNamesOfTheirOwn()
    {
        string output = CommandLine.Run("report", CommandLine.Example("demo"), CommandLine.Example("regions-random"), "-j").Output;
        string[] ids = Sections(output).Split(',');
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.True(id.StartsWith("f1-", StringComparison.Ordinal) || id.StartsWith("f2-", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheInputIsNotReplaced()
    {
        string copy = Path.Combine(_folder, "a.verso");
        File.Copy(CommandLine.Example("demo"), copy);
        CommandLine.Run("report", copy, "-o", copy).AssertTrouble("is the input; write to another file");
        CommandLine.Run("report", "-", "-").AssertTrouble("standard input can be read only once");
    }

    /// <summary>Over half a thousand events: the same moments in every design, the last event among them.</summary>
    [Fact]
    public void EveryDesignIsSampledAtTheSameEvents()
    {
        using JsonDocument document = JsonDocument.Parse(CommandLine.Run("report", CommandLine.Example("demo"), "-j").Output);
        JsonElement[] charts =
        [
            .. document.RootElement.GetProperty("sections").EnumerateArray()
                .Single(section => section.GetProperty("id").GetString() == "time").GetProperty("blocks").EnumerateArray(),
        ];
        long[][] events =
        [
            .. charts.SelectMany(chart => chart.GetProperty("choices").EnumerateArray())
                .Select(table => table.GetProperty("rows").EnumerateArray().Select(row => row[0].GetInt64()).ToArray()),
        ];
        Assert.All(events, each => Assert.Equal(events[0], each));
        Assert.InRange(events[0].Length, 2, 160);
        Assert.Contains($"of {events[0][^1]:N0} ".Replace("of ", "", StringComparison.Ordinal).Trim(),
            CommandLine.Run("info", CommandLine.Example("demo")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo", "foo")]
    [InlineData("vmas,vma", "vma")]
    public void AFigureThatThereIsNotIsRefused(string metrics, string unknown) => CommandLine.Run(
            "compare", CommandLine.Example("demo"), "--designs", "reflink", "--metrics", metrics)
        .AssertTrouble($"no figure is called '{unknown}', or '{unknown}.' and more; there are vmas, calls, merges, ");

    [Theory]
    [InlineData("--full")]
    [InlineData("--only-different")]
    [InlineData("--metrics", "vmas")]
    public void JsonHasAllFiguresAnyway(params string[] words) =>
        CommandLine.Run(["compare", CommandLine.Example("demo"), "-j", .. words]).AssertTrouble("json has all figures");

    [Fact]
    public void OfAllFiguresThoseThatWereAskedFor()
    {
        string trace = CommandLine.Example("regions-random");
        string[] keys =
        [
            .. CommandLine.Run("compare", trace, "--format", "csv", "--metrics", "vmas,merges.refused", "--label", "run=1").Output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[8]).Distinct(),
        ];
        Assert.All(keys, key => Assert.True(key == "vmas.peak" || key.StartsWith("merges.refused.", StringComparison.Ordinal), key));
        Assert.True(keys.Length > 1);
        string different = CommandLine.Run("compare", trace, "--designs", "anon-vma-chain,matena-merging", "--only-different").Output;
        Assert.Contains("merges refused: anon-vma", different, StringComparison.Ordinal);
        Assert.DoesNotContain("copied by fork", different, StringComparison.Ordinal);
        CommandLine.Run("compare", trace, "--label", "run").AssertTrouble("--label takes KEY=VALUE");
    }

    private static string Sections(string output)
    {
        using JsonDocument document = JsonDocument.Parse(output);
        return string.Join(',', document.RootElement.GetProperty("sections").EnumerateArray()
            .Select(section => section.GetProperty("id").GetString()));
    }
}
