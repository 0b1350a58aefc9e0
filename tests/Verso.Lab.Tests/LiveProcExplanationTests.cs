using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Linux.Proc;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// What explain says without root never contradicts what it says with the kernel's graph: each reason it gives is one,
/// and each reason it leaves open it names.
/// </summary>
/// <remarks>
/// Strategy: random steps, seeds 1 to 150, leave test processes with VMAs that are not merged; every pair is
/// explained with root's means and without.
/// </remarks>
public sealed class LiveProcExplanationTests(ITestOutputHelper output)
{
    private const int Scenarios = 150;
    private const int StepsOfScenario = 60;
    private const int LeastPairs = 300;

    /// <summary>What /proc must have told of some pair, and what it must have left open where it was so.</summary>
    private static readonly MergeTests[] _told =
        [MergeTests.Flags, MergeTests.File, MergeTests.Policy, MergeTests.PageOffset];

    private static readonly MergeTests[] _open = [MergeTests.AnonVma, MergeTests.ForkedChain, MergeTests.PageOffset];

    [Fact]
    public void WhatIsToldWithoutRootIsSoAndWhatIsSoIsToldOrOpen()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        Dictionary<MergeTests, int> told = [];
        Dictionary<MergeTests, int> open = [];
        int pairs = 0;
        KernelStage.Use(worker: 0, kernel =>
        {
            Verifier verifier = new(kernel, rules!);
            for (ulong seed = 1; seed <= Scenarios; seed++)
            {
                Assert.Null(verifier.PlayRandom(seed, StepsOfScenario, StepMix.Everything)?.Difference);
                foreach (char mm in kernel.Mms.ToArray())
                {
                    pairs += Compare(kernel, mm, rules!, told, open);
                }
            }
        });
        output.WriteLine($"{pairs} pairs; told {Text(told)}; open and so {Text(open)}");
        Assert.True(pairs >= LeastPairs, $"only {pairs} pairs");
        Assert.All(_told, test => Assert.True(told.ContainsKey(test), $"{test} was never told"));
        Assert.All(_open, test => Assert.True(open.ContainsKey(test), $"{test} was never open"));
    }

    private static int Compare(
        KernelStage kernel, char mm, KernelRules rules, Dictionary<MergeTests, int> told, Dictionary<MergeTests, int> open)
    {
        ProcessGraph process = new(1, "puppet", 0, kernel.Capture(mm), GraphReading.Whole);
        SpaceExplanation full = SpaceExplanation.Of(process, kernel.Files, 65530, rules);
        SpaceExplanation partial = SpaceExplanation.Of(ProcSpaceReader.Read(kernel.ProcessOf(mm)), rules);
        Dictionary<ulong, Boundary> known = partial.Boundaries.ToDictionary(pair => pair.Upper.Start);
        foreach (Boundary pair in full.Boundaries)
        {
            Boundary same = known[pair.Upper.Start];
            string what = $"{pair.Lower} {pair.Upper}: {pair.Verdict.Failed}, /proc: {same.Verdict.Failed} or {same.Untold}";
            Assert.True((same.Verdict.Failed & ~pair.Verdict.Failed) == 0, what);
            Assert.True((pair.Verdict.Failed & ~same.Verdict.Failed & ~same.Untold) == 0, what);
            Assert.True(same.Standing != BoundaryStanding.MergeableNow || pair.Verdict.CanMerge, what);
            Assert.True(same.Lasting == LastingReason.None || pair.Lasting != LastingReason.None, what);
            Count(told, same.Verdict.Failed);
            Count(open, pair.Verdict.Failed & same.Untold);
        }

        AssertPagesHaveAnonVmas(partial, process.Image);

        // /proc has the puppet's own VMA too.
        CountRange range = partial.VmasWithout(MergeTests.None);
        int less = full.VmaCount - full.VmasWithout(MergeTests.None).Most;
        Assert.InRange(less, partial.VmaCount - range.Most, partial.VmaCount - range.Least);
        return full.Boundaries.Count;
    }

    // Of two VMAs that both hold anonymous pages, both have an anon_vma.
    private static void AssertPagesHaveAnonVmas(SpaceExplanation partial, MmImage image)
    {
        Dictionary<ulong, VmaImage> vmas = image.Vmas.ToDictionary(vma => vma.Start);
        foreach (Boundary pair in partial.Boundaries.Where(pair => pair.Pages == AnonymousPages.Both && pair.IsAnonymous))
        {
            Assert.NotEqual(0UL, vmas[pair.Lower.Start].AnonVma);
            Assert.NotEqual(0UL, vmas[pair.Upper.Start].AnonVma);
        }
    }

    private static void Count(Dictionary<MergeTests, int> counts, MergeTests tests)
    {
        foreach (MergeTests test in Enum.GetValues<MergeTests>().Where(test => test != 0 && (tests & test) != 0))
        {
            counts[test] = counts.GetValueOrDefault(test) + 1;
        }
    }

    private static string Text(Dictionary<MergeTests, int> counts) =>
        string.Join(", ", counts.OrderBy(each => each.Key).Select(each => $"{each.Key} {each.Value}"));
}
