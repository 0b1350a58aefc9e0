using System.Diagnostics;

namespace Verso.Tidy.Tests;

/// <summary>What is recorded is known: every recording says what it is for, every workload what happens in it.</summary>
public sealed class RecordingTests
{
    private static readonly string[] _notWorkloads = ["README.md", "record-all"];

    /// <summary>By its path below examples/, without .verso.</summary>
    private static readonly Dictionary<string, string[]> _recordings = Rows("examples/README.md", cells: 2);

    private static readonly Dictionary<string, string[]> _workloads = Rows("workloads/README.md", cells: 3);

    /// <summary>What workloads/record-all makes: names, and files below its folder.</summary>
    private static readonly (string Name, string File)[] _recorded = [.. Run("workloads/record-all", "--list")
        .Select(line => line.Split(' ')).Select(words => (words[0], words[1]))];

    private static IEnumerable<string> Kept => Repository.Files.Where(file => file.StartsWith("examples/", StringComparison.Ordinal))
        .Select(file => file["examples/".Length..]).Where(file => file != "README.md");

    [Fact]
    public void EveryRecordingIsForSomething()
    {
        string[] files = [.. Kept.Select(Named).Union(_recorded.Select(entry => entry.File)).Order(StringComparer.Ordinal)];
        Assert.Equal(files, _recordings.Keys.Order(StringComparer.Ordinal));
        Assert.All(_recordings, row => Assert.True(row.Value[1].Length > 20, $"{row.Key} is for nothing"));
    }

    /// <summary>Two for the same would be one too many.</summary>
    [Fact]
    public void NoTwoRecordingsAreForTheSame() =>
        Assert.Equal(_recordings.Count, _recordings.Values.Select(cells => cells[1]).Distinct().Count());

    /// <summary>All but the recording of verso demo, the snapshot, and what is too large.</summary>
    [Fact]
    public void RecordAllMakesWhatIsKept() => Assert.Equal(
        Kept.Select(Named).Except(["demo", "redis-fork.vsnap"]).Order(StringComparer.Ordinal),
        _recorded.Select(entry => entry.File).Where(file => !file.StartsWith("large/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Fact]
    public void EveryWorkloadThatRunsIsRecordedAndDescribed()
    {
        string[] scripts = [.. Repository.Files.Where(file => file.StartsWith("workloads/", StringComparison.Ordinal))
            .Select(file => file["workloads/".Length..])
            .Where(file => !_notWorkloads.Contains(file) && Path.GetExtension(file).Length == 0)];
        Assert.NotEmpty(scripts);
        foreach (string script in scripts.Where(script => Repository.Read($"workloads/{script}").Contains("\nrun)", StringComparison.Ordinal)))
        {
            // Its collector's regions are those of the runtime that happens to be here: it only stands.
            if (script != "gc-regions")
            {
                Assert.Contains(script, _workloads.Keys);
                Assert.Contains(_recorded, entry => entry.Name == script || entry.Name.StartsWith(script + "-", StringComparison.Ordinal));
            }
        }

        Assert.All(_workloads.Keys, name => Assert.Contains(name, scripts));
    }

    private static string Named(string file) => file.EndsWith(".verso", StringComparison.Ordinal) ? file[..^".verso".Length] : file;

    /// <summary>The rows of the tables that have so many columns, by what their first cell names.</summary>
    private static Dictionary<string, string[]> Rows(string page, int cells)
    {
        Dictionary<string, string[]> rows = [];
        foreach (string line in Repository.Lines(page).Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            string[] row = [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
            if (row.Length == cells)
            {
                Assert.True(rows.TryAdd(row[0].Trim('`'), row), $"{page}: {row[0]} has two rows");
            }
        }

        return rows;
    }

    private static string[] Run(string script, string argument)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, script), [argument])
        {
            RedirectStandardOutput = true,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
