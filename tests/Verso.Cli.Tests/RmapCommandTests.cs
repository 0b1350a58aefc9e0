using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Verso.Engine.Images;
using Verso.Lab.Families;
using Verso.Linux.Graph;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests;

/// <summary>verso explain --rmap and verso top: live, of a kept snapshot, and what cannot be done.</summary>
public sealed partial class RmapCommandTests
{
    private const string KernelThread = "2";

    private static readonly string s_self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static string Kept => Path.Combine(CommandLine.Root, "examples", "redis-fork.vsnap");

    [Fact]
    public void WhatALiveProcessCosts()
    {
        RequireReader();
        Outcome outcome = CommandLine.Run("explain", "--rmap", s_self, "--designs", "anon-vma-chain,anonmm");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.StartsWith($"reverse map of process {s_self}, Linux ", outcome.Output);
        JsonElement json = Json("explain", s_self, "--rmap", "--designs", "anon-vma-chain", "-j");
        Assert.Equal("verso-rmap/1", json.GetProperty("schema").GetString());
        JsonElement held = Assert.Single(json.GetProperty("designs").EnumerateArray()).GetProperty("objects");
        Assert.Equal(Count(json.GetProperty("objects"), "anon_vma"), Count(held, "anon_vma"));
        Assert.Equal(Count(json.GetProperty("objects"), "anon_vma_chain"), Count(held, "anon_vma_chain"));
    }

    [Fact]
    public void EveryProcessBesideTheSlabs()
    {
        RequireReader();
        JsonElement json = Json("explain", "--rmap", "--all", "--designs", "none", "-j");
        Assert.Empty(json.GetProperty("designs").EnumerateArray());
        foreach (JsonElement slab in json.GetProperty("slabs").EnumerateArray())
        {
            Assert.True(slab.GetProperty("activeObjects").GetInt64() > 0, slab.GetRawText());
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void ATimeThatNoCalendarHasIsRefused(long seconds)
    {
        string file = Path.GetTempFileName();
        try
        {
            using (FileStream kept = File.Create(file))
            {
                SnapshotFile.Write(
                    kept, new Snapshot { Header = new() { TakenUnixSeconds = seconds }, Files = [], Processes = [] });
            }

            foreach (string[] command in (string[][])[["explain", "--rmap"], ["top"], ["snapshot"]])
            {
                Outcome outcome = CommandLine.Run([.. command, "--from", file]);
                outcome.AssertTrouble(file);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void TheNameOfAKernelMovesNoCursor()
    {
        string file = Path.GetTempFileName();
        try
        {
            using (FileStream from = File.OpenRead(Kept))
            using (FileStream kept = File.Create(file))
            {
                Snapshot real = SnapshotFile.Read(from);
                SnapshotFile.Write(kept, real with { Header = real.Header with { Kernel = "6.1\n\e[2J" } });
            }

            Outcome outcome = CommandLine.Run("explain", "10807", "--full", "--from", file);
            Assert.Equal(0, outcome.Status);
            Assert.DoesNotContain('\e', outcome.Output + outcome.Error);
            Assert.Equal("", outcome.Error);
            Assert.Contains("there are none for 6.1", outcome.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void OfAKeptSnapshotSomeProcesses()
    {
        JsonElement both = Json("explain", "--rmap", "--from", Kept, "-j");
        Assert.Equal(0, both.GetProperty("partialAnonVmas").GetInt32());
        int[] pids = [.. both.GetProperty("processes").EnumerateArray()
            .Select(process => process.GetProperty("pids")[0].GetInt32())];
        Assert.Equal(2, pids.Length);
        string one = pids.Min().ToString(CultureInfo.InvariantCulture);
        JsonElement part = Json("explain", "--rmap", one, "--from", Kept, "-j");
        Assert.Single(part.GetProperty("processes").EnumerateArray());
        Assert.True(part.GetProperty("partialAnonVmas").GetInt32() > 0);
    }

    [Theory]
    [InlineData("'x'", "explain", "--rmap", "x")]
    [InlineData("choose one of", "explain", "--rmap")]
    [InlineData("choose one of", "explain", "--rmap", "1", "--all")]
    [InlineData("name a process", "explain")]
    [InlineData("unknown design 'x'", "explain", "--rmap", "--all", "--designs", "x")]
    [InlineData("process 2147483647 does not exist", "explain", "--rmap", "2147483647")]
    [InlineData("none.vsnap", "explain", "--rmap", "--from", "none.vsnap")]
    [InlineData("is a kernel thread", "explain", "--rmap", KernelThread)]
    [InlineData("is a kernel thread", "top", "--pid", KernelThread)]
    [InlineData("process 2147483647 does not exist", "top", "--pid", "2147483647")]
    [InlineData("'0'", "top", "--interval", "0")]
    [InlineData("'-1'", "top", "--count", "-1")]
    [InlineData("choose one of", "top", "--pid", "1", "--from", "x")]
    [InlineData("none.vsnap", "top", "--from", "none.vsnap")]
    [InlineData("'no/such' is not a control group", "top", "--cgroup", "no/such")]
    public void WhatMakesNoSense(string message, params string[] arguments)
    {
        Assert.SkipWhen(arguments.Contains(KernelThread) && !IsKernelThread(), "no kernel thread is in sight");
        CommandLine.Run(arguments).AssertTrouble(message);
    }

    [Fact]
    public void ViewsFollowEachOther()
    {
        RequireReader();
        Outcome outcome = CommandLine.Run("top", "--count", "3", "--interval", "0.1", "--pid", s_self);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] views = outcome.Output.Split("verso top ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, views.Length);
        Assert.DoesNotContain("+bytes", views[0]);
        Assert.All(views[1..], view => Assert.Contains("+bytes", view));
        Assert.DoesNotContain("new", string.Concat(views));
        Assert.DoesNotContain(" \n", outcome.Output);
    }

    [Fact]
    public void PrometheusTextKeepsItsGrammar()
    {
        string text = CommandLine.Run("top", "--from", Kept, "--format", "prometheus").Output;
        AssertPrometheus(text);
        Assert.Matches(@"(?m)^verso_process_vmas\{pid=""\d+"",command=""redis-server""\} 120$", text);
        if (GraphReader.Unavailable() is null)
        {
            AssertPrometheus(CommandLine.Run("top", "--format", "prometheus").Output);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("a \"b\" c")]
    [InlineData("back\\slash\\")]
    [InlineData("new\nline")]
    [InlineData("{x=\"y\"} 1")]
    [InlineData("naïve 😀\t")]
    [InlineData("")]
    public void AnyNameOfAProgramIsALabel(string command)
    {
        MmImage image = new() { Vmas = [], AnonVmas = [] };
        Snapshot snapshot = new()
        {
            Header = new SnapshotHeader(),
            Files = [],
            Processes = [new ProcessGraph(7, command, 0, image, GraphReading.Whole)],
        };
        string text = PrometheusText.Render(TopView.Of(snapshot, TopOrder.Bytes), limit: 5);
        AssertPrometheus(text);
        string label = Assert.Single(text.Split('\n'), line => line.StartsWith("verso_process_vmas{", StringComparison.Ordinal));
        string value = label["verso_process_vmas{pid=\"7\",command=\"".Length..^"\"} 0".Length];
        Assert.Equal(Printable.Of(command), EscapedLetter().Replace(value, match => match.Value == "\\n" ? "\n" : match.Value[1..]));
    }

    /// <summary>
    /// Each metric in one group with its HELP and TYPE in front, each series once, names and labels well formed.
    /// </summary>
    private static void AssertPrometheus(string text)
    {
        Assert.EndsWith("\n", text);
        string[] lines = text[..^1].Split('\n');
        HashSet<string> metrics = [];
        HashSet<string> series = [];
        string metric = "";
        for (int at = 0; at < lines.Length; at++)
        {
            if (HelpLine().Match(lines[at]) is { Success: true } help)
            {
                metric = help.Groups[1].Value;
                Assert.True(metrics.Add(metric), $"{metric} comes twice");
                Assert.Equal($"# TYPE {metric} gauge", lines[++at]);
                continue;
            }

            Match sample = SampleLine().Match(lines[at]);
            Assert.True(sample.Success, lines[at]);
            Assert.Equal(metric, sample.Groups[1].Value);
            Assert.True(series.Add(lines[at][..lines[at].LastIndexOf(' ')]), $"twice: {lines[at]}");
        }

        Assert.True(metrics.Count > 10 && series.Count >= metrics.Count);
    }

    [GeneratedRegex(@"^# HELP (verso_[a-z_]+) \S.*$")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^(verso_[a-z_]+)(\{[a-z]+=""(?:[^""\\]|\\[\\""n])*""(?:,[a-z]+=""(?:[^""\\]|\\[\\""n])*"")*\})? "
        + @"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-][0-9]+)?$")]
    private static partial Regex SampleLine();

    [GeneratedRegex(@"\\.")]
    private static partial Regex EscapedLetter();

    private static JsonElement Json(params string[] arguments)
    {
        Outcome outcome = CommandLine.Run(arguments);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private static long Count(JsonElement objects, string name) =>
        objects.GetProperty(name).GetProperty("count").GetInt64();

    private static bool IsKernelThread() =>
        File.Exists("/proc/2/comm") && File.ReadAllText("/proc/2/comm").Trim() == "kthreadd";

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
