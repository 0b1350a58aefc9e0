using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>Tables in documents are what their scripts make of the recordings now.</summary>
public sealed class TableTests
{
    [Theory]
    [InlineData("scripts/design-table", "docs/designs/README.md")]
    [InlineData("scripts/fidelity-table", "docs/fidelity.md")]
    public void ATableIsWhatItsScriptMakes(string script, string page)
    {
        ProcessStartInfo start = new("bash", [script, "--print"]) { WorkingDirectory = CommandLine.Root };
        start.Environment["VERSO_PROGRAM"] = CommandLine.Program;
        Outcome outcome = CommandLine.Run(start);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] rows = [.. outcome.Output.Split('\n').Where(line => line.StartsWith('|'))];
        string[] lines = File.ReadAllLines(Path.Combine(CommandLine.Root, page));
        Assert.True(rows.Length > 10);
        Assert.Equal(rows, lines.SkipWhile(line => line != "## Recordings").Where(line => line.StartsWith('|')));
    }
}
