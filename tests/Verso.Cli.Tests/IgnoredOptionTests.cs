namespace Verso.Cli.Tests;

/// <summary>
/// An option that would say nothing beside the others is refused, before anything is read: one line, status 2.
/// </summary>
public sealed class IgnoredOptionTests
{
    private static string Kept => Path.Combine(CommandLine.Root, "examples", "redis-fork.vsnap");

    [Theory]
    [InlineData("--at cannot be combined with --rmap", "4711", "--at", "7f00", "--rmap")]
    [InlineData("--source cannot be combined with --rmap", "--rmap", "--all", "--source", "kernel")]
    [InlineData("--source cannot be combined with --rmap", "--rmap", "4711", "--source", "auto")]
    [InlineData("--source is for live processes: it cannot be combined with --from", "4711", "--from", "none.vsnap", "--source", "kernel")]
    [InlineData("--source is for live processes: it cannot be combined with --from", "4711", "--from", "none.vsnap", "--source", "proc")]
    [InlineData("--full cannot be combined with --rmap", "--rmap", "4711", "--full")]
    [InlineData("--full has no effect with --at or JSON", "4711", "--full", "--at", "7f00")]
    [InlineData("--full has no effect with --at or JSON", "4711", "--full", "-j")]
    [InlineData("--all requires --rmap", "4711", "--all")]
    [InlineData("--cgroup requires --rmap", "4711", "--cgroup", "x")]
    [InlineData("--top requires --rmap", "4711", "--top", "3")]
    [InlineData("--designs requires --rmap", "4711", "--designs", "none")]
    [InlineData("--jobs requires --rmap", "4711", "--jobs", "1")]
    [InlineData("only PID... and --from can be combined", "--rmap", "--all", "--from", "none.vsnap")]
    [InlineData("only PID... and --from can be combined", "--rmap", "--cgroup", "x", "--from", "none.vsnap")]
    [InlineData("leave out one of -j and --format text", "4711", "-j", "--format", "text")]
    public void OfExplain(string message, params string[] arguments) =>
        CommandLine.Run(["explain", .. arguments]).AssertTrouble(message);

    [Theory]
    [InlineData("--interval has no effect with a single refresh: use --count N", "--count", "1", "--interval", "5")]
    [InlineData("--interval has no effect with a single refresh: use --count N", "-j", "--interval", "5")]
    [InlineData("--interval has no effect with --format prometheus: it prints once", "--format", "prometheus", "-i", "5")]
    [InlineData("--interval has no effect with --from", "--from", "none.vsnap", "-i", "5")]
    [InlineData("--sort growth has no effect with --from", "--from", "none.vsnap", "--sort", "growth")]
    [InlineData("--sort growth has no effect with a single refresh: use --count N", "--sort", "growth", "-j")]
    [InlineData("--count has no effect with --from: a snapshot is shown once", "--from", "none.vsnap", "--count", "2")]
    [InlineData("--count has no effect with --format prometheus", "--format", "prometheus", "--count", "2")]
    [InlineData("leave out one of -j and --format prometheus", "-j", "--format", "prometheus")]
    [InlineData("choose one of", "--all", "--from", "none.vsnap")]
    public void OfTop(string message, params string[] arguments) =>
        CommandLine.Run(["top", .. arguments]).AssertTrouble(message);

    [Theory]
    [InlineData("--json formats the summary, which is not printed with -o -", "-o", "-", "-j")]
    [InlineData("--format formats the summary, which is not printed with -o -", "-o", "-", "--format", "text")]
    [InlineData("leave out one of -j and --format text", "-j", "--format", "text")]
    [InlineData("choose one of", "--all", "--from", "none.vsnap")]
    public void OfSnapshot(string message, params string[] arguments) =>
        CommandLine.Run(["snapshot", .. arguments]).AssertTrouble(message);

    [Theory]
    [InlineData("--locks cannot be combined with --merges or --format line", "--locks", "--merges")]
    [InlineData("--locks cannot be combined with --merges or --format line", "--locks=3", "--format", "line")]
    [InlineData("--measure cannot be combined with --locks", "--locks", "--measure")]
    [InlineData("--locks takes a whole number from 0", "--locks=x")]
    public void OfReplay(string message, params string[] arguments) =>
        CommandLine.Run(["replay", "none.verso", .. arguments]).AssertTrouble(message);

    /// <summary>What says the same twice is no mistake.</summary>
    [Theory]
    [InlineData("explain", "--rmap", "-j", "--format", "json", "--designs", "none")]
    [InlineData("explain", "10796", "--rmap", "10807", "--designs", "none", "--jobs", "1")]
    [InlineData("top", "--count", "1", "--format", "prometheus")]
    [InlineData("snapshot", "-j", "--format", "json")]
    public void WhatSaysSomethingIsNot(params string[] arguments)
    {
        Outcome outcome = CommandLine.Run([.. arguments, "--from", Kept]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
    }
}
