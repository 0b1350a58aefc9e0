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
/// <remarks>
/// Strategy: 3,000 random situations, of at least 1,000 kinds, and what random steps leave are made anew in a process
/// and acted on. Lies are told on purpose, and must be caught.
/// </remarks>
public sealed class SituationTests(ITestOutputHelper output)
{
    private const int Generated = 3000;
    private const int LeastKinds = 1000;
    private const int Scenarios = 300;
    private const int StepsOfScenario = 60;

    /// <summary>What the kernel here can show of each; names only one that knows them (NameSituationTests).</summary>
    private static readonly MergeTests[] _shown =
        [.. SituationTrials.Columns.Where(test => test != MergeTests.Name)];

    private readonly SituationTrials _trials = new(output);

    [Fact]
    public void EveryReasonIsRight()
    {
        KernelRules rules = SituationTrials.Rules();
        SituationGenerator generator = new(seed: 1);
        HashSet<Situation> kinds = [.. SituationGenerator.BesideDrivers()];
        for (int count = 0; count < Generated; count++)
        {
            kinds.Add(generator.Next());
        }

        List<CopyTrial> trials = _trials.Try(
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
        KernelRules rules = SituationTrials.Rules();
        SituationGenerator generator = new(seed: 1);
        List<Situation> kinds = [.. Enumerable.Range(0, Generated).Select(_ => generator.Next()).Distinct()];
        foreach (MergeTests test in _shown)
        {
            SituationTrials.AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == test), said => said & ~test);
            SituationTrials.AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == 0), said => said | test);
        }

        foreach (MergeTests test in new[] { MergeTests.Policy, MergeTests.AnonVma, MergeTests.Userfaultfd })
        {
            SituationTrials.AssertCaught(rules, kinds.Where(kind => SituationGenerator.Expect(kind) == MergeTests.File), said => said | test);
        }
    }

    /// <summary>What random steps of processes come to is copied, and acted on.</summary>
    [Fact]
    public void SituationsOfRandomProcesses()
    {
        KernelRules rules = SituationTrials.Rules();
        Dictionary<Situation, MergeTests> kinds = [];
        KernelStage.Use(worker: 0, kernel =>
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
        List<CopyTrial> trials = _trials.Try("random processes", rules, kinds.Select(each => (each.Key, each.Value)));
        int right = trials.Count(trial => trial.Result == CopyResult.Right);
        Assert.True(right * 4 >= trials.Count * 3, $"only {right} of {trials.Count} kinds could be copied");
    }
}
