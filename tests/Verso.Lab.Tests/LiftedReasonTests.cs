using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Explain.Copies;
using Verso.Lab.LockStep;

namespace Verso.Lab.Tests;

/// <summary>
/// "VMAs without it" is what the running kernel has after a reason was undone and all merges were tried: in runs of
/// VMAs with written, forked and never written ones beside each other.
/// </summary>
/// <remarks>
/// Strategy: runs of 3 to 10 pages that were written, forked or never touched are made in a process and explained;
/// then each reason is undone there. The seed is fixed.
/// </remarks>
public sealed class LiftedReasonTests(ITestOutputHelper output)
{
    private const int Generated = 200;

    /// <summary>Runs for which to count pairs, each for itself, would be wrong.</summary>
    private const int LeastBeyond = 30;

    /// <summary>What calls undo; none: merges are tried, and nothing else.</summary>
    private static readonly MergeTests[] _byCalls =
    [
        MergeTests.None, MergeTests.Flags, MergeTests.Policy, MergeTests.Flags | MergeTests.Policy, MergeTests.AnonVma,
    ];

    [Fact]
    public void OfGeneratedRuns()
    {
        Random random = new(1);
        List<RunPage[]> runs = [.. Enumerable.Range(0, Generated).Select(_ => Generate(random))];
        Tally tally = Use(stage =>
        {
            Tally counts = new();
            foreach (RunPage[] run in runs)
            {
                Check(stage, run, counts);
            }

            return counts;
        });
        output.WriteLine($"{tally.Checked} counts of {runs.Count} runs, {tally.PairsWrong} not those of pairs alone");
        Assert.True(tally.PairsWrong >= LeastBeyond, $"only {tally.PairsWrong}");
    }

    /// <summary>
    /// Written parts of a reserve: accessible, they stay apart, for what lies between joins only one.
    /// </summary>
    [Fact]
    public void OfWrittenPartsOfAReserve()
    {
        const int Parts = 20;
        RunPage[] run = Alternate(Parts, new RunPage(PageHistory.NeverWritten) { Flags = VmaFlags.None });
        SpaceExplanation explanation = Use(stage =>
        {
            Check(stage, run, new Tally());
            using RunCopy copy = stage.Make(run, RunAncestry.Forked);
            return copy.Explain();
        });
        Assert.Equal(2 * Parts, explanation.VmaCount - explanation.VmasWithout(All).Most);
        Assert.Equal(Parts, explanation.VmaCount - explanation.VmasWithout(MergeTests.Flags).Most);
        Assert.Equal(0, explanation.VmaCount - explanation.VmasWithout(MergeTests.AnonVma).Most);
        AssertBeyond(explanation, Parts, pairs: 0);
    }

    /// <summary>Mergeable now are twice as many pairs as can be merged.</summary>
    [Fact]
    public void OfWhatIsMergeableOnEitherSideOnly()
    {
        const int Parts = 20;
        RunPage[] run = Alternate(Parts, new RunPage(PageHistory.NeverWritten));
        SpaceExplanation explanation = Use(stage =>
        {
            Check(stage, run, new Tally());
            using RunCopy copy = stage.Make(run, RunAncestry.Forked);
            return copy.Explain();
        });
        ReasonGroup now = explanation.Groups.Single(group => group.Standing == BoundaryStanding.MergeableNow);
        Assert.Equal(2 * Parts, now.Boundaries.Count);
        Assert.Equal(Parts, explanation.VmaCount - explanation.VmasWithout(MergeTests.None).Most);
        Assert.Equal(2 * Parts, explanation.VmaCount - explanation.VmasWithout(MergeTests.AnonVma).Most);
        AssertBeyond(explanation, Parts, pairs: 0);
    }

    private static MergeTests All => (MergeTests)ushort.MaxValue;

    private static void AssertBeyond(SpaceExplanation explanation, int beyond, int pairs)
    {
        ReasonGroup group = explanation.Groups.Single(each => each.First == MergeTests.AnonVma);
        Assert.Equal((beyond, pairs), (group.Beyond.Count, group.Boundaries.Count));
        Assert.Equal(BoundaryStanding.KeptApart, group.Standing);
        Assert.Equal(pairs == 0, explanation.Offers(group).Count == 0);
    }

    private static RunPage[] Alternate(int parts, RunPage between) =>
    [
        .. Enumerable.Range(0, (2 * parts) + 1)
            .Select(at => at % 2 == 0 ? new RunPage(PageHistory.Written) : between),
    ];

    // Of two that are alike the upper one gets the lower one's anon_vma: never two beside each other.
    private static RunPage[] Generate(Random random)
    {
        RunPage[] run = new RunPage[random.Next(3, 11)];
        int differing = random.Next(4);
        for (int at = 0; at < run.Length; at++)
        {
            bool mayBeWritten = at == 0 || run[at - 1].History != PageHistory.Written;
            VmaFlags access = random.Next(6) < differing
                ? new[] { VmaFlags.None, VmaFlags.Read }[random.Next(2)]
                : VmaFlags.Read | VmaFlags.Write;
            run[at] = new RunPage(random.Next(mayBeWritten ? 5 : 3) switch
            {
                < 2 => PageHistory.NeverWritten,
                2 => PageHistory.Forked,
                _ => PageHistory.Written,
            })
            {
                Flags = access | (random.Next(8) < differing ? VmaFlags.DontDump : VmaFlags.None),
                Policy = random.Next(8) < differing ? 1 : 0,
            };
        }

        return run;
    }

    private static void Check(CopyStage stage, RunPage[] run, Tally tally)
    {
        SpaceExplanation explanation;
        using (RunCopy copy = stage.Make(run, RunAncestry.Forked))
        {
            explanation = copy.Explain();
        }

        foreach (MergeTests lifted in _byCalls)
        {
            using RunCopy copy = stage.Make(run, RunAncestry.Forked);
            Compare(copy, lifted, lifted);
        }

        using RunCopy unforked = stage.Make(run, RunAncestry.NeverForked);
        Compare(unforked, MergeTests.ForkedChain, MergeTests.None);
        using RunCopy alike = stage.Make(run, RunAncestry.NeverForked);
        Compare(alike, MergeTests.ForkedChain | MergeTests.Flags, MergeTests.Flags);

        void Compare(RunCopy copy, MergeTests lifted, MergeTests undone)
        {
            int pairs = explanation.Boundaries.Count(pair =>
                pair.Lasting == LastingReason.None && (pair.Verdict.Failed & ~lifted) == MergeTests.None);
            int said = explanation.VmaCount - explanation.VmasWithout(lifted).Most;
            copy.Join(undone);
            Assert.True(
                run.Length - said == copy.VmaCount,
                $"without {lifted}: said {run.Length - said}, the kernel has {copy.VmaCount}: {string.Join(' ', run)}");
            tally.Checked++;
            tally.PairsWrong += said == pairs ? 0 : 1;
        }
    }

    private static T Use<T>(Func<CopyStage, T> body)
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        return CopyStage.Use(rules!, body);
    }

    private sealed class Tally
    {
        public int Checked { get; set; }

        public int PairsWrong { get; set; }
    }
}
