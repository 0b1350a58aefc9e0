using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain.Copies;
using Verso.Lab.LockStep;

namespace Verso.Lab.Tests;

/// <summary>Situations are copied on the running kernel and acted on, and what came of it is told.</summary>
internal sealed class SituationTrials(ITestOutputHelper output)
{
    /// <summary>Where a row is added, if anywhere: see scripts/explain-check.</summary>
    private const string TableVariable = "VERSO_SITUATION_TABLE";

    /// <summary>What a kernel can show of each, in the order of the table's columns.</summary>
    public static MergeTests[] Columns { get; } =
    [
        MergeTests.Policy, MergeTests.Flags, MergeTests.File, MergeTests.Userfaultfd, MergeTests.Name, MergeTests.AnonVma,
        MergeTests.ForkedChain, MergeTests.PageOffset, MergeTests.Special, MergeTests.Close,
    ];

    public static KernelRules Rules()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        return rules!;
    }

    /// <summary>
    /// What is said of situations is altered; the judge must say so of at least one of the first five.
    /// </summary>
    public static void AssertCaught(
        KernelRules rules, IEnumerable<Situation> kinds, Func<MergeTests, MergeTests> lie)
    {
        List<CopyTrial> trials = CopyStage.Use(rules, stage =>
        {
            CopyJudge judge = new(stage, lie);
            return kinds.Take(5).Select(kind => judge.Try(kind, lie(SituationGenerator.Expect(kind)))).ToList();
        });
        Assert.NotEmpty(trials);
        Assert.Contains(trials, trial => trial.Result == CopyResult.Wrong);
        Assert.DoesNotContain(trials, trial => trial.Result == CopyResult.Right);
    }

    /// <summary>None may come out wrong.</summary>
    public List<CopyTrial> Try(
        string from, KernelRules rules, IEnumerable<(Situation Kind, MergeTests Said)> kinds)
    {
        List<CopyTrial> trials = CopyStage.Use(rules, stage =>
        {
            CopyJudge judge = new(stage);
            return kinds.Select(each => judge.Try(each.Kind, each.Said)).ToList();
        });
        Report(from, trials);
        CopyTrial[] wrong = [.. trials.Where(trial => trial.Result == CopyResult.Wrong)];
        Assert.True(wrong.Length == 0, $"{wrong.Length} wrong, first: {wrong.FirstOrDefault()}");
        return trials;
    }

    private void Report(string from, List<CopyTrial> trials)
    {
        string row = $"| {from} | {trials.Count} | {string.Join(" | ", Enum.GetValues<CopyResult>().Select(
            result => trials.Count(trial => trial.Result == result)))} | {string.Join(" | ", Columns.Select(
            test => trials.Count(trial => trial.Shown.HasFlag(test))))} |";
        if (Environment.GetEnvironmentVariable(TableVariable) is { Length: > 0 } table)
        {
            File.AppendAllText(table, row + "\n");
        }

        output.WriteLine(row);
        output.WriteLine($"{trials.Count} kinds: " + string.Join(
            ", ", trials.GroupBy(trial => trial.Result).Select(group => $"{group.Count()} {group.Key}")));
        output.WriteLine("shown alone: " + string.Join(
            ", ", Columns.Select(test => $"{trials.Count(trial => trial.Shown.HasFlag(test))} {test}")));
        foreach (IGrouping<string, CopyTrial> story in trials.GroupBy(
                trial => $"{trial.Result}: {trial.Story.Split(" as ")[0]}")
            .OrderByDescending(group => group.Count()))
        {
            output.WriteLine($"{story.Count(),5} {story.Key}");
            if (story.First().Result != CopyResult.Right || story.Key.Contains("alone", StringComparison.Ordinal))
            {
                output.WriteLine($"      {story.First().Situation}\n      {story.First().Story}");
            }
        }
    }
}
