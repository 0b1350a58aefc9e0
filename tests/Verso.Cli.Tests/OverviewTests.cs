namespace Verso.Cli.Tests;

/// <summary>The first screen of verso compare holds the answer: fidelity, and a line for each design.</summary>
public sealed class OverviewTests
{
    private const int Lines = 24;
    private const int Columns = 80;

    [Theory]
    [InlineData("make-gcc")]
    [InlineData("redis-bgsave")]
    public void ALineADesignOnTheFirstScreen(string example)
    {
        Outcome outcome = CommandLine.Run("compare", CommandLine.Example(example));
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] screen = [.. outcome.Output.Split('\n').Take(Lines)];
        string[] designs =
        [
            .. CommandLine.Run("designs").Output.Split('\n').Where(line => line.Length > 0 && line[0] != ' ')
                .Select(line => line.Split(' ')[0]),
        ];
        Assert.True(designs.Length >= 14);
        Assert.StartsWith("  fidelity   VMAs ", screen[1]);
        string[] overview = [.. screen.Skip(2).TakeWhile(line => line.Length > 0)];
        Assert.All(overview, line => Assert.True(line.Length <= Columns, line));
        Assert.All(
            designs, name => Assert.Single(overview, line => line.StartsWith($"  {name} ", StringComparison.Ordinal)));
    }
}
