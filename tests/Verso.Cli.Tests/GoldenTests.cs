namespace Verso.Cli.Tests;

/// <summary>
/// What commands print, byte for byte. VERSO_UPDATE_GOLDEN=1 writes the files anew; look at the diff.
/// </summary>
public sealed class GoldenTests
{
    /// <summary>Not all, so that a new design changes what designs prints and nothing else.</summary>
    private const string ThreeDesigns = "page-table-scan,pte-chain,anon-vma-chain";

    [Theory]
    [InlineData("compare.txt", "compare", "--designs", ThreeDesigns)]
    [InlineData("compare.json", "compare", "--designs", ThreeDesigns, "-j")]
    [InlineData("compare.csv", "compare", "--designs", ThreeDesigns, "--format", "csv")]
    [InlineData("compare.lkp", "compare", "--designs", "anon-vma-chain,pte-chain", "--format", "lkp")]
    [InlineData("replay.txt", "replay", "--verify")]
    [InlineData("replay-merges.txt", "replay", "--merges")]
    [InlineData("replay-locks.txt", "replay", "--locks=5")]
    [InlineData("info.txt", "info")]
    public void ResultsOfARecording(string golden, params string[] arguments)
    {
        string[] words = [arguments[0], CommandLine.Example("regions-random"), .. arguments[1..]];
        Outcome outcome = CommandLine.Run(words);
        Assert.Equal(0, outcome.Status);
        Assert.Equal("", outcome.Error);
        AssertGolden(golden, outcome.Output);
    }

    [Theory]
    [InlineData("compare-scenario.txt", "--designs", ThreeDesigns, "--only-different", "--verify")]
    [InlineData("compare-scenario.json", "--designs", "anon-vma-chain", "-j")]
    [InlineData("compare-scenario.lkp", "--designs", "anon-vma-chain,pte-chain", "--format", "lkp")]
    [InlineData("compare-scenario.md", "--format", "markdown", "--label", "lecture=3")]
    public void AScenarioInDesigns(string golden, params string[] arguments)
    {
        string scenario = Path.Combine(CommandLine.Root, "scenarios/fork/reuse-one-child.txt");
        Outcome outcome = CommandLine.Run(["compare", scenario, .. arguments]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        AssertGolden(golden, outcome.Output);
    }

    [Theory]
    [InlineData("designs.txt", "designs")]
    [InlineData("designs.json", "designs", "-j")]
    [InlineData("help.txt", "--help")]
    [InlineData("help-compare.txt", "compare", "--help")]
    [InlineData("help-replay.txt", "replay", "--help")]
    [InlineData("help-record.txt", "record", "--help")]
    [InlineData("help-verify.txt", "verify", "--help")]
    [InlineData("help-explain.txt", "explain", "--help")]
    [InlineData("help-snapshot.txt", "snapshot", "--help")]
    [InlineData("help-top.txt", "top", "--help")]
    [InlineData("help-step.txt", "step", "--help")]
    [InlineData("help-quiz.txt", "quiz", "--help")]
    [InlineData("quiz.txt", "quiz", "--seed", "7")]
    [InlineData("quiz-regions.txt", "quiz", "--seed", "7", "--topic", "regions", "--solve")]
    [InlineData("quiz-chains.txt", "quiz", "--seed", "7", "--topic", "chains", "--solve")]
    [InlineData("quiz-aim7.txt", "quiz", "--seed", "7", "--topic", "aim7", "--solve")]
    [InlineData("quiz-mremap.txt", "quiz", "--seed", "7", "--topic", "mremap", "--solve")]
    [InlineData("quiz-zygote.txt", "quiz", "--seed", "7", "--topic", "zygote", "--solve")]
    [InlineData("quiz-daemon.txt", "quiz", "--seed", "7", "--topic", "daemon", "--solve")]
    [InlineData("quiz-splits.txt", "quiz", "--seed", "7", "--topic", "splits", "--solve")]
    [InlineData("quiz-refusal.txt", "quiz", "--seed", "7", "--topic", "refusal", "--solve")]
    [InlineData("quiz-stale.txt", "quiz", "--seed", "7", "--topic", "stale", "--solve")]
    [InlineData("quiz.json", "quiz", "--seed", "18446744073709551615", "-n", "2", "-j", "--solve")]
    [InlineData("completion.bash", "completion", "bash")]
    public void WhatVersoSaysOfItself(string golden, params string[] arguments)
    {
        Outcome outcome = CommandLine.Run(arguments);
        Assert.Equal(0, outcome.Status);
        AssertGolden(golden, outcome.Output);
    }

    /// <summary>A pair for each reason: Fixtures/reasons.c.</summary>
    [Theory]
    [InlineData("explain.txt", "--full")]
    [InlineData("explain-brief.txt")]
    [InlineData("explain.json", "-j")]
    [InlineData("explain-strip.txt", "--at", "100007001000")]
    [InlineData("explain-range.txt", "--at", "100000000000-100010000000")]
    [InlineData("explain-hole.txt", "--at", "100003200000")]
    [InlineData("explain-hole.json", "--at", "100003200000", "-j")]
    public void ReasonsOfASnapshot(string golden, params string[] arguments)
    {
        Outcome outcome = CommandLine.Run(["explain", Reasons.Pid, .. arguments, "--from", Reasons.File]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.True(golden.EndsWith(".json", StringComparison.Ordinal) || golden == "explain.txt"
            || outcome.Output.Split('\n').All(line => line.Length <= 80));
        AssertGolden(golden, outcome.Output);
    }

    [Theory]
    [InlineData("explain-brief-redis.txt", "explain", "10807")]
    [InlineData("explain-full-redis.txt", "explain", "10807", "--full")]
    [InlineData("explain-rmap.txt", "explain", "--rmap", "--top", "5")]
    [InlineData("explain-rmap.json", "explain", "--rmap", "--top", "2", "-j", "--designs", ThreeDesigns)]
    [InlineData("top.txt", "top")]
    [InlineData("top.json", "top", "-j", "--sort", "pid")]
    [InlineData("top.prom", "top", "--format", "prometheus")]
    public void ResultsOfASnapshot(string golden, params string[] arguments)
    {
        string kept = Path.Combine(CommandLine.Root, "examples", "redis-fork.vsnap");
        Outcome outcome = CommandLine.Run([.. arguments, "--from", kept]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        AssertGolden(golden, outcome.Output);
    }

    [Theory]
    [InlineData("verify-draw.txt", "merge/mprotect-unfaulted-both.txt")]
    [InlineData("verify-draw-family.txt", "fork/reuse-one-child.txt", "stack/grow.txt", "mremap/several.txt")]
    public void ScenariosDrawn(string golden, params string[] scenarios)
    {
        string folder = Path.Combine(CommandLine.Root, "scenarios");
        Outcome outcome = CommandLine.Run(
            ["verify", "--engine", "--draw", .. scenarios.Select(name => Path.Combine(folder, name))]);
        Assert.Equal(0, outcome.Status);
        Assert.Equal("", outcome.Error);
        AssertGolden(golden, outcome.Output);
    }

    [Theory]
    [InlineData("step.txt", "scenarios/merge/forked-target.txt")]
    [InlineData("step-two.txt", "scenarios/fork/reuse-one-child.txt", "--design", "anon-vma-chain,reflink")]
    [InlineData("step-moved.txt", "scenarios/mremap/several.txt", "--design", "anonmm")]
    [InlineData("step-recording.txt", "examples/git-repack.verso", "--at", "300", "--until", "312", "--design", ThreeDesigns)]
    [InlineData("step.json", "scenarios/merge/forked-target.txt", "--at", "5", "-j")]
    [InlineData("step-recording.json", "examples/bash-pipeline.verso", "--at", "90", "-j")]
    public void StepsShown(string golden, string file, params string[] arguments)
    {
        Outcome outcome = CommandLine.Run(["step", Path.Combine(CommandLine.Root, file), .. arguments]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        AssertGolden(golden, outcome.Output);
    }

    private static void AssertGolden(string name, string text)
    {
        string actual = Steady(text);
        string path = Path.Combine(CommandLine.Root, "tests/Verso.Cli.Tests/Golden", name);
        if (Environment.GetEnvironmentVariable("VERSO_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    /// <summary>Without the place of the checkout.</summary>
    private static string Steady(string text)
    {
        text = text.Replace(CommandLine.Root + "/", "", StringComparison.Ordinal);
        return text.Replace("Verso.Cli.Tests", "verso", StringComparison.Ordinal);
    }
}
