using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Explain.Copies;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// Every reason that explain gives is checked by acting on it: in copies of generated situations on the running kernel,
/// the causes are undone one by one and all together, and the kernel is let try to merge.
/// </summary>
public sealed class SituationTests(ITestOutputHelper output)
{
    private const int Generated = 3000;
    private const int LeastKinds = 1000;
    private const int Scenarios = 300;
    private const int StepsOfScenario = 60;

    /// <summary>Where a row is added, if anywhere: see scripts/explain-check.</summary>
    private const string TableVariable = "VERSO_SITUATION_TABLE";

    /// <summary>What the running kernel can show of each, in the order of the table's columns.</summary>
    private static readonly MergeTests[] _shown =
    [
        MergeTests.Policy, MergeTests.Flags, MergeTests.File, MergeTests.Userfaultfd, MergeTests.AnonVma,
        MergeTests.ForkedChain, MergeTests.PageOffset, MergeTests.Special, MergeTests.Close,
    ];

    [Fact]
    public void EveryReasonIsRight()
    {
        KernelRules rules = Rules();
        SituationGenerator generator = new(seed: 1);
        HashSet<Situation> kinds = [.. SituationGenerator.BesideDrivers()];
        for (int count = 0; count < Generated; count++)
        {
            kinds.Add(generator.Next());
        }

        List<CopyTrial> trials = Try(
            "generated", rules, kinds.Select(kind => (kind, SituationGenerator.Expect(kind))));
        Assert.True(trials.Count(trial => trial.Result == CopyResult.Right) >= LeastKinds);
        Assert.All(_shown, test => Assert.True(
            trials.Exists(trial => trial.Shown.HasFlag(test)), $"{test} alone was never shown"));
    }

    /// <summary>
    /// A reason that is kept secret, one that is made up, and a bystander called a reason: the judge notices.
    /// </summary>
    [Fact]
    public void LiesAreCaught()
    {
        KernelRules rules = Rules();
        SituationGenerator generator = new(seed: 1);
        List<Situation> kinds = [.. Enumerable.Range(0, Generated).Select(_ => generator.Next()).Distinct()];
        foreach (MergeTests test in _shown)
        {
            AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == test), said => said & ~test);
            AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == 0), said => said | test);
        }

        foreach (MergeTests test in new[] { MergeTests.Policy, MergeTests.AnonVma, MergeTests.Userfaultfd })
        {
            AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == MergeTests.File), said => said | test);
        }
    }

    private static void AssertCaught(
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

    /// <summary>What random steps of processes come to is copied, and acted on.</summary>
    [Fact]
    public void SituationsOfRandomProcesses()
    {
        KernelRules rules = Rules();
        Dictionary<Situation, MergeTests> kinds = [];
        KernelStage.Use(processor: 0, kernel =>
        {
            Verifier verifier = new(kernel, rules);
            for (ulong seed = 1; seed <= Scenarios; seed++)
            {
                Assert.Null(verifier.PlayRandom(seed, StepsOfScenario, StepMix.Everything)?.Difference);
                foreach (char mm in kernel.Mms)
                {
                    ProcessGraph process = new(1, "puppet", 0, kernel.Capture(mm), GraphReading.Whole);
                    SpaceExplanation explanation = SpaceExplanation.Of(process, kernel.Files, 65530, rules);
                    foreach (Boundary boundary in explanation.Boundaries)
                    {
                        Situation kind = Situation.Of(
                            boundary, file => kernel.Files.FirstOrDefault(each => each.File == file));
                        Assert.True(
                            kinds.TryAdd(kind, boundary.Verdict.Failed) || kinds[kind] == boundary.Verdict.Failed,
                            $"two verdicts on {kind}: {kinds[kind]} and {boundary.Verdict.Failed}");
                    }
                }
            }
        });
        List<CopyTrial> trials = Try("random processes", rules, kinds.Select(each => (each.Key, each.Value)));
        int right = trials.Count(trial => trial.Result == CopyResult.Right);
        Assert.True(right * 4 >= trials.Count * 3, $"only {right} of {trials.Count} kinds could be copied");
    }

    private static KernelRules Rules()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        return rules!;
    }

    private List<CopyTrial> Try(
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
            result => trials.Count(trial => trial.Result == result)))} | {string.Join(" | ", _shown.Select(
            test => trials.Count(trial => trial.Shown.HasFlag(test))))} |";
        if (Environment.GetEnvironmentVariable(TableVariable) is { Length: > 0 } table)
        {
            File.AppendAllText(table, row + "\n");
        }

        output.WriteLine($"{trials.Count} kinds: " + string.Join(
            ", ", trials.GroupBy(trial => trial.Result).Select(group => $"{group.Count()} {group.Key}")));
        output.WriteLine("shown alone: " + string.Join(
            ", ", _shown.Select(test => $"{trials.Count(trial => trial.Shown.HasFlag(test))} {test}")));
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
