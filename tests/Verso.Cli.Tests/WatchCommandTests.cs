using System.Text.Json;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>verso watch, and programs that explain runs.</summary>
public sealed class WatchCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void WhoIsAboveIsToldOfOnceWithFilesAndAHook()
    {
        RequireReader();
        using Sleeper sleeper = new();
        string seen = Path.Combine(_folder, "seen");
        Outcome outcome = CommandLine.Run(
            "watch", sleeper.Id, "--above", "0.01%", "-o", _folder, "--for", "1", "-j",
            "--exec", $"printf '%s %s\\n' $VERSO_PID $VERSO_SNAPSHOT >> {seen}; echo hooked");
        Assert.Equal((0, "hooked\n"), (outcome.Status, outcome.Error));
        using JsonDocument document = JsonDocument.Parse(Assert.Single(outcome.Output.TrimEnd('\n').Split('\n')));
        JsonElement root = document.RootElement;
        Assert.Equal("verso-watch/1", root.GetProperty("schema").GetString());
        Assert.Equal("sleep", root.GetProperty("command").GetString());
        string snapshot = root.GetProperty("snapshot").GetString()!;
        Assert.Equal($"{sleeper.Id} {snapshot}\n", File.ReadAllText(seen));
        string text = File.ReadAllText(root.GetProperty("explanation").GetString()!);
        Assert.StartsWith($"{sleeper.Id} sleep: ", text);
        Assert.DoesNotContain("--full", text);
        Assert.Contains("adjacent pairs", text);
        Assert.Equal(0, CommandLine.Run("explain", sleeper.Id, "--from", snapshot).Status);

        // The second writes over nothing.
        Assert.Equal(1, CommandLine.Run("watch", sleeper.Id, "--above", "0.01", "-o", _folder, "--once").Status);
        Assert.Equal(2, Directory.GetFiles(_folder, "*.vsnap").Length);
    }

    [Fact]
    public void NobodyIsAbove()
    {
        using Sleeper sleeper = new();
        Outcome outcome = CommandLine.Run("watch", sleeper.Id, "-o", _folder, "--once");
        Assert.Equal((0, ""), (outcome.Status, outcome.Output));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("--above takes a share from 0.01% to 100%, not '101%'", "--above", "101%")]
    [InlineData("--interval takes seconds from 0.05 to 86400, not '0'", "--interval", "0")]
    [InlineData("--interval has no effect with --once", "--once", "--interval", "1")]
    [InlineData("choose one of PID..., --cgroup and --all", "1", "--all")]
    [InlineData("/none: No such file or directory", "--output", "/none")]
    [InlineData("does not exist", "2147483647")]
    public void WhatMakesNoSenseIsRefused(string message, params string[] arguments) =>
        CommandLine.Run(["watch", .. arguments]).AssertTrouble(message);

    [Theory]
    [InlineData("auto")]
    [InlineData("proc")]
    public void AProgramIsRunAndExplained(string source)
    {
        RequireReader();
        Outcome outcome = CommandLine.Run(
            "explain", "--source", source, "--", "sh", "-c", "echo out; sleep 0.4 & wait; exit 7");
        Assert.Equal((7, "out\nverso explain: sh ended with status 7\n"), (outcome.Status, outcome.Error));
        Assert.StartsWith("at its fullest, ", outcome.Output);
        Assert.Contains(" VMAs, ", outcome.Output);
    }

    [Fact]
    public void WhoCannotRunIsSaidSo()
    {
        CommandLine.Run("explain", "--", "no-such-program").AssertTrouble("command not found", 127);
        CommandLine.Run("explain", "4711", "--", "true").AssertTrouble("leave out the process ids before --");
        CommandLine.Run("explain", "--from", "x", "--", "true").AssertTrouble("--from cannot be combined with a program");
    }

    [Fact]
    public void ARecordingIsExplainedAtAMoment()
    {
        string recording = CommandLine.Example("regions-evenodd");
        Outcome fullest = CommandLine.Run("explain", "--from", recording);
        Assert.Equal((0, ""), (fullest.Status, fullest.Error));
        Assert.Contains(" s after it began (event ", fullest.Output);
        Outcome early = CommandLine.Run("explain", "--from", recording, "--at", "1ms", "-j");
        Outcome late = CommandLine.Run("explain", "--from", recording, "-j");
        Assert.True(Vmas(early) < Vmas(late));
        CommandLine.Run("explain", "99", "--from", recording).AssertTrouble("the recording has no address space 99");
        CommandLine.Run("explain", "1", "2", "--from", recording).AssertTrouble("name one address space by its number");
    }

    private static int Vmas(Outcome outcome)
    {
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.GetProperty("vmas").GetInt32();
    }

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
