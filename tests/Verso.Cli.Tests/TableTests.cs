using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>Tables in documents are what their scripts make of the recordings now.</summary>
public sealed class TableTests
{
    /// <param name="script">What makes it.</param>
    /// <param name="page">Where it stands.</param>
    /// <param name="before">The line above it, somewhere.</param>
    [Theory]
    [InlineData("scripts/design-table", "docs/designs/README.md", "## Recordings")]
    [InlineData("scripts/fidelity-table", "docs/fidelity.md", "## Recordings")]
    [InlineData("scripts/merge-table", "docs/designs/matena-merging.md", "<!-- merge-table begins -->")]
    [InlineData("scripts/lazy-table", "docs/designs/anon-vma-lazy.md", "<!-- lazy-table begins -->")]
    [InlineData("scripts/fork-ban-table", "docs/answers/fork-child-ban.md", "<!-- fork-ban-table begins -->")]
    public void ATableIsWhatItsScriptMakes(string script, string page, string before)
    {
        ProcessStartInfo start = new("bash", [script, "--print"]) { WorkingDirectory = CommandLine.Root };
        start.Environment["VERSO_PROGRAM"] = CommandLine.Program;
        Outcome outcome = CommandLine.Run(start);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] rows = [.. outcome.Output.Split('\n').Where(line => line.StartsWith('|'))];
        string[] lines = File.ReadAllLines(Path.Combine(CommandLine.Root, page));
        Assert.True(rows.Length > 10);
        Assert.Equal(rows, lines.SkipWhile(line => line != before).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')));
    }
}
