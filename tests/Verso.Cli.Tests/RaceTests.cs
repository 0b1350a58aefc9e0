using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>
/// Processes that map, move, fork, exec and exit while they are read: each command succeeds and says nothing, or fails
/// with one line; and nobody is related who is not. Longer by scripts/race-check.
/// </summary>
public sealed class RaceTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(5);

    private const int Youngest = 4;
    private const int LeastSnapshots = 3;

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;
    private int _explained;
    private int _refused;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>
    /// Two programs whose children come and go, none of which shares its address space: what the kernel used for one
    /// process it uses for the next while all are read.
    /// </summary>
    [Fact]
    public void FamiliesStayApart()
    {
        Assert.SkipWhen(GraphReader.Unavailable() is not null, GraphReader.Unavailable() ?? "");
        using Storm one = new(_folder, "storm-one");
        using Storm other = new(_folder, "storm-other");
        (int snapshots, int children) = (0, 0);
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < _duration || snapshots < LeastSnapshots)
        {
            children += CheckFamilies();
            snapshots++;
        }

        output.WriteLine($"{snapshots} snapshots, {children} processes beside a relative");
        Assert.True(children > 0, "no process of the storms was found with its family");
    }

    private int CheckFamilies()
    {
        string file = Path.Combine(_folder, "storm.vsnap");
        Outcome taken = CommandLine.Run("snapshot", "--all", "-o", file, "-j");
        Assert.Equal((0, ""), (taken.Status, taken.Error));
        using JsonDocument snapshot = JsonDocument.Parse(taken.Output);
        Dictionary<int, string> storms = snapshot.RootElement.GetProperty("processes").EnumerateArray()
            .Where(each => each.GetProperty("command").GetString()!.StartsWith("storm-", StringComparison.Ordinal))
            .ToDictionary(each => each.GetProperty("pid").GetInt32(), each => each.GetProperty("command").GetString()!);
        Outcome related = CommandLine.Run("explain", "--rmap", "--from", file, "-j");
        Assert.Equal((0, ""), (related.Status, related.Error));
        using JsonDocument graph = JsonDocument.Parse(related.Output);
        foreach (int[] sharers in Groups(graph, "processes"))
        {
            Assert.True(sharers.Length == 1 || !sharers.Any(storms.ContainsKey), $"{Tell(sharers)} share an address space");
        }

        int together = 0;
        foreach (int[] family in Groups(graph, "families"))
        {
            Assert.True(family.Select(pid => storms.GetValueOrDefault(pid, "")).Distinct().Count() == 1, Tell(family));
            together += family.Length > 1 && storms.ContainsKey(family[0]) ? family.Length : 0;
        }

        return together;

        string Tell(int[] pids) =>
            string.Join(", ", pids.Select(pid => $"{pid} {storms.GetValueOrDefault(pid, "of another program")}"));
    }

    private static IEnumerable<int[]> Groups(JsonDocument graph, string name) =>
        graph.RootElement.GetProperty(name).EnumerateArray().Select(each =>
            each.GetProperty("pids").EnumerateArray().Select(pid => pid.GetInt32()).ToArray());

    [Fact]
    public void NothingCrashes()
    {
        Assert.SkipWhen(GraphReader.Unavailable() is not null, GraphReader.Unavailable() ?? "");
        using Process stress = Start();
        (int snapshots, int changed) = (0, 0);
        try
        {
            Stopwatch clock = Stopwatch.StartNew();
            while (clock.Elapsed < _duration || snapshots < LeastSnapshots)
            {
                changed += SnapshotAndExplain();
                snapshots++;
            }
        }
        finally
        {
            stress.Kill(entireProcessTree: true);
            stress.WaitForExit();
        }

        output.WriteLine($"{snapshots} snapshots, {changed} processes changed, {_explained} explained, {_refused} refused");
        Assert.True(_explained > 0);
    }

    // Every process that is told as changed is explained of the snapshot, where its VMAs may not go together; and the
    // youngest, which may be gone or another program by now.
    private int SnapshotAndExplain()
    {
        string file = Path.Combine(_folder, "now.vsnap");
        Outcome taken = CommandLine.Run("snapshot", "--all", "-o", file, "-j");
        Assert.Equal((0, ""), (taken.Status, taken.Error));
        int changed = 0;
        using JsonDocument document = JsonDocument.Parse(taken.Output);
        foreach (JsonElement pid in document.RootElement.GetProperty("changed").EnumerateArray())
        {
            changed++;
            Explain(pid.GetRawText(), "--from", file);
        }

        foreach (JsonElement process in document.RootElement.GetProperty("processes").EnumerateArray()
            .Where(each => each.GetProperty("command").GetString()!.StartsWith("stress", StringComparison.Ordinal))
            .OrderByDescending(each => each.GetProperty("pid").GetInt32()).Take(Youngest))
        {
            Explain(process.GetProperty("pid").GetRawText());
        }

        return changed;
    }

    private void Explain(string pid, params string[] words)
    {
        Outcome outcome = CommandLine.Run(["explain", pid, "--full", .. words]);
        if (outcome.Status == 0)
        {
            Assert.Equal("", outcome.Error);
            _explained++;
            return;
        }

        outcome.AssertTrouble(pid);
        _refused++;
    }

    private static Process Start()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/stress-ng"), "stress-ng is missing: apt install stress-ng");
        string seconds = (_duration.TotalSeconds * 10).ToString(CultureInfo.InvariantCulture);
        return Process.Start(new ProcessStartInfo(
            "nice",
            "-n 5 stress-ng --mmapmany 1 --mremap 1 --fork 1 --vfork 1 --brk 1 --stack 1 --exec 1 --vm 1 --vm-bytes 64m "
            + $"--timeout {seconds}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
    }
}
