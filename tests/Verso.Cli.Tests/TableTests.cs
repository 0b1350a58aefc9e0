using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Verso.Cli.Tests;

/// <summary>
/// Tables in documents are what their scripts make of the recordings now; what takes minutes, or another kernel's time, has
/// a stamp of what it was made of.
/// </summary>
public sealed partial class TableTests
{
    /// <param name="script">What makes it.</param>
    /// <param name="page">Where it stands.</param>
    /// <param name="before">The line above it, somewhere.</param>
    [Theory]
    [InlineData("scripts/design-table", "docs/designs/README.md", "## Recordings")]
    [InlineData("scripts/fidelity-table", "docs/fidelity.md", "## Recordings")]
    [InlineData("scripts/merge-table", "docs/designs/matena-merging.md", "<!-- merge-table begins -->")]
    [InlineData("scripts/lazy-table", "docs/designs/anon-vma-lazy.md", "<!-- lazy-table begins -->")]
    [InlineData("scripts/equal-designs", "docs/designs/README.md", "<!-- equal-designs begins -->")]
    [InlineData("scripts/fork-ban-table", "docs/answers/fork-child-ban.md", "<!-- fork-ban-table begins -->")]
    public void ATableIsWhatItsScriptMakes(string script, string page, string before)
    {
        ProcessStartInfo start = new("bash", [script, "--print"]) { WorkingDirectory = CommandLine.Root };
        start.Environment["VERSO_PROGRAM"] = CommandLine.Program;
        Outcome outcome = CommandLine.Run(start);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] rows = [.. outcome.Output.Split('\n').Where(line => line.StartsWith('|'))];
        string[] lines = File.ReadAllLines(Path.Combine(CommandLine.Root, page));
        Assert.True(rows.Length > 5);
        Assert.Equal(rows, lines.SkipWhile(line => line != before).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')));
    }

    /// <summary>The scripts whose tables have stamps, with their pages, and how many.</summary>
    [Theory]
    [InlineData("scripts/verification-table", "docs/fidelity.md", 3)]
    [InlineData("bench/snapshot-cost --write", "docs/snapshot.md", 1)]
    public void WhatATableWasMadeOfIsWhatThereIs(string script, string page, int stamps)
    {
        MatchCollection found = Stamp().Matches(File.ReadAllText(Path.Combine(CommandLine.Root, page)));
        Assert.Equal(stamps, found.Count);
        foreach (Match stamp in found)
        {
            ProcessStartInfo start = new("bash", ["scripts/stamp", stamp.Groups[2].Value]) { WorkingDirectory = CommandLine.Root };
            Outcome outcome = CommandLine.Run(start);
            Assert.Equal((0, ""), (outcome.Status, outcome.Error));
            Assert.True(outcome.Output.Trim() == stamp.Groups[1].Value, $"{page}: {stamp.Groups[2].Value} changed: run {script}");
        }
    }

    [GeneratedRegex("^<!-- stamp ([0-9a-f]{12}) of (.+) -->$", RegexOptions.Multiline)]
    private static partial Regex Stamp();
}
