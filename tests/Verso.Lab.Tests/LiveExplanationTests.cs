using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// What explain says of two VMAs is checked by acting on it: a flag of one, then of the other, is changed and changed
/// back, which makes the kernel try to merge. It must merge exactly those that explain calls mergeable.
/// </summary>
/// <remarks>
/// Strategy: random steps, seeds 1 to 200, leave test processes with VMAs that are not merged; what is said of every
/// pair is acted on.
/// </remarks>
public sealed class LiveExplanationTests(ITestOutputHelper output)
{
    private const int Scenarios = 200;
    private const int StepsOfScenario = 60;
    private const int LeastSituations = 300;

    /// <summary>Reasons that random scenarios meet; each must be among those that were checked.</summary>
    private static readonly MergeTests[] _expected =
    [
        MergeTests.None, MergeTests.Flags, MergeTests.File, MergeTests.AnonVma, MergeTests.ForkedChain,
        MergeTests.PageOffset, MergeTests.Policy,
    ];

    [Fact]
    public void TheKernelMergesWhatIsMergeableAndNothingElse()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        SortedDictionary<MergeTests, int> seen = [];
        KernelStage.Use(worker: 0, kernel =>
        {
            Verifier verifier = new(kernel, rules!);
            for (ulong seed = 1; seed <= Scenarios; seed++)
            {
                Assert.Null(verifier.PlayRandom(seed, StepsOfScenario, StepMix.Everything)?.Difference);
                foreach (char mm in kernel.Mms.ToArray())
                {
                    CheckAll(kernel, mm, rules!, seen);
                }
            }
        });
        output.WriteLine(string.Join(", ", seen.Select(each => $"{each.Key}: {each.Value}")));
        Assert.All(_expected, reason => Assert.True(seen.ContainsKey(reason), $"{reason} was never met"));
        Assert.True(seen.Values.Sum() >= LeastSituations, $"only {seen.Values.Sum()} situations");
    }

    private static void CheckAll(
        KernelStage kernel, char mm, KernelRules rules, SortedDictionary<MergeTests, int> seen)
    {
        HashSet<ulong> done = [];
        while (Explain(kernel, mm, rules).Boundaries.FirstOrDefault(each => done.Add(each.Upper.Start)) is { } boundary)
        {
            Window window = new(1);
            Toggle(kernel, window, mm, boundary.Lower);
            bool isOne = !HasBoundary(kernel, mm, boundary);
            if (!isOne)
            {
                Toggle(kernel, window, mm, boundary.Upper);
                isOne = !HasBoundary(kernel, mm, boundary);
            }

            Assert.True(
                isOne == boundary.Verdict.CanMerge,
                $"at page {window.PageOf(boundary.Upper.Start)}: said {boundary.Verdict.Failed}, "
                + $"the kernel {(isOne ? "merges" : "does not merge")}: {boundary.Lower} {boundary.Upper}");
            seen[boundary.Verdict.First] = seen.GetValueOrDefault(boundary.Verdict.First) + 1;
        }
    }

    private static bool HasBoundary(KernelStage kernel, char mm, Boundary boundary) =>
        kernel.Capture(mm).Vmas.Any(vma => vma.Start == boundary.Upper.Start);

    /// <summary>By the one attribute that every VMA lets be changed: how it will be read.</summary>
    private static void Toggle(KernelStage kernel, Window window, char mm, VmaImage vma)
    {
        Advice now = (vma.Flags & VmaFlags.SeqRead) != 0 ? Advice.Sequential
            : (vma.Flags & VmaFlags.RandRead) != 0 ? Advice.Random : Advice.Normal;
        foreach (Advice advice in (Advice[])[now == Advice.Random ? Advice.Normal : Advice.Random, now])
        {
            Outcome outcome = kernel.Do(new Op(OpKind.Advise, mm)
            {
                Start = window.PageOf(vma.Start),
                Count = (long)((vma.End - vma.Start) >> Page.Shift),
                Advice = advice,
            });
            Assert.Equal(Errno.None, outcome.Errno);
        }
    }

    private static SpaceExplanation Explain(KernelStage kernel, char mm, KernelRules rules) => SpaceExplanation.Of(
        new ProcessGraph(1, "puppet", 0, kernel.Capture(mm), GraphReading.Whole), kernel.Files, 65530, rules);
}
