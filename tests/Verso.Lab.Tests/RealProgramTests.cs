using Verso.Engine;
using Verso.Lab.Explain.Copies;
using Verso.Lab.LockStep;

namespace Verso.Lab.Tests;

/// <summary>
/// Every reason that explain gives for a pair of VMAs of a real program is right: each kind of pair is copied, and
/// acted on.
/// </summary>
public sealed class RealProgramTests(ITestOutputHelper output)
{
    /// <summary>Where the row of a program is added, if anywhere: see scripts/explain-check.</summary>
    private const string TableVariable = "VERSO_EXPLAIN_TABLE";

    [Theory]
    [InlineData("regions", "random")]
    [InlineData("regions", "evenodd")]
    [InlineData("regions", "random-hint")]
    [InlineData("redis-bgsave")]
    [InlineData("postgres-connections")]
    [InlineData("java-threads")]
    public void EveryReasonIsRight(string program, params string[] words) => Check(program, words);

    /// <summary>The package is large, or building takes long: by scripts/explain-check only.</summary>
    [Theory(Explicit = true)]
    [InlineData("chromium-tree")]
    [InlineData("gc-regions", "regions")]
    [InlineData("gc-regions", "segments")]
    public void EveryReasonOfLargeProgramsIsRight(string program, params string[] words) => Check(program, words);

    /// <summary>A runtime with garbage collected regions, threads and compiled code: this one.</summary>
    [Fact]
    public void EveryReasonOfThisProcessIsRight()
    {
        KernelRules rules = Rules();
        PairCheck check = new();
        check.Look([Environment.ProcessId], rules);
        Judge("a .NET program (the test)", check, rules);
    }

    private void Check(string program, params string[] words)
    {
        KernelRules rules = Rules();
        PairCheck check = new();
        using (StandingProgram standing = StandingProgram.Start(program, words))
        {
            check.Look(standing.Pids, rules);
        }

        Judge(string.Join(' ', [program, .. words]), check, rules);
    }

    private void Judge(string program, PairCheck check, KernelRules rules)
    {
        check.Act(rules);
        string row = check.Row(program);
        output.WriteLine(row);
        if (Environment.GetEnvironmentVariable(TableVariable) is { Length: > 0 } table)
        {
            File.AppendAllText(table, row + "\n");
        }

        foreach (CopyTrial trial in check.Trials.Where(trial => trial.Result != CopyResult.Right))
        {
            output.WriteLine($"{trial.Result}: {trial.Said}: {trial.Situation}: {trial.Story}");
        }

        Assert.Empty(check.Contradictions);
        Assert.Equal(0, check.Count(CopyResult.Wrong));
        Assert.True(check.PairsOf(CopyResult.Right) * 10 >= check.Pairs * 9, row);
        Assert.All(
            check.Trials.Where(trial => trial.Result == CopyResult.NotCopied),
            trial => Assert.StartsWith("a driver's mapping", trial.Story));
    }

    private static KernelRules Rules()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        return rules!;
    }
}
