using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>
/// Checks what explain says of two VMAs by acting on it, in copies of the situation on the running kernel.
/// </summary>
/// <remarks>
/// A copy is made, and explain asked again: it must say the same. A call that lets the kernel try must merge the two if
/// and only if nothing is said to keep them apart. In a second copy all causes are undone: now it must merge. And for
/// each cause, in a further copy, all others are undone: it must not, or the cause is none.
/// </remarks>
/// <param name="stage">Where the copies are made.</param>
/// <param name="says">
/// What is said of a verdict; null: the verdict. By saying something else it is seen that the judge would notice.
/// </param>
public sealed class CopyJudge(CopyStage stage, Func<MergeTests, MergeTests>? says = null)
{
    /// <summary>Acts on one situation.</summary>
    /// <param name="situation">What is copied.</param>
    /// <param name="said">What explain said of the pair it was taken from.</param>
    public CopyTrial Try(Situation situation, MergeTests said)
    {
        ArgumentNullException.ThrowIfNull(situation);
        try
        {
            using SituationCopy copy = stage.Make(situation);
            string? wrong = TryUnchanged(copy, said);
            if (wrong is not null)
            {
                return new CopyTrial(situation, said, CopyResult.Wrong, MergeTests.None, wrong);
            }
        }
        catch (NotCopiedException reason)
        {
            return new CopyTrial(situation, said, CopyResult.NotCopied, MergeTests.None, reason.Message);
        }

        return said == MergeTests.None
            ? new CopyTrial(situation, said, CopyResult.Right, MergeTests.None, "merged as it was")
            : TryWithout(situation, said);
    }

    private string? TryUnchanged(SituationCopy copy, MergeTests said)
    {
        MergeTests again = copy.Explain()?.Verdict.Failed ?? MergeTests.None;
        again = says is null ? again : says(again);
        if (again != said)
        {
            return $"explain says {said} of the pair and {again} of its copy";
        }

        return copy.TryToMerge() == (said == MergeTests.None)
            ? null
            : $"explain says {said}, and the kernel {(copy.IsOne ? "merges" : "does not merge")}";
    }

    private CopyTrial TryWithout(Situation situation, MergeTests said)
    {
        CopyTrial trial = new(situation, said, CopyResult.Right, MergeTests.None, "");
        try
        {
            CauseUndoing undoing = MergeWithout(situation, said, out bool isOne);
            string how = undoing == CauseUndoing.ByCalls ? "undone by calls" : "made without its causes";
            trial = trial with { Story = how, Undoing = undoing };
            if (!isOne)
            {
                return trial with { Result = CopyResult.Wrong, Story = $"{how}, and the kernel does not merge" };
            }
        }
        catch (NotCopiedException reason)
        {
            return trial with { Result = CopyResult.NotCopied, Story = $"without its causes: {reason.Message}" };
        }

        foreach (MergeTests kept in Enum.GetValues<MergeTests>().Where(test => test != 0 && said.HasFlag(test)))
        {
            try
            {
                using SituationCopy alone = stage.Make(situation.Keep(kept));
                string? wrong = TryUnchanged(alone, kept);
                if (wrong is not null)
                {
                    return trial with { Result = CopyResult.Wrong, Story = $"with {kept} alone: {wrong}" };
                }

                trial = trial with { Shown = trial.Shown | kept };
            }
            catch (NotCopiedException reason)
            {
                trial = trial with { Story = $"{trial.Story}; not {kept} alone: {reason.Message}" };
            }
        }

        return trial;
    }

    // By calls in the copy itself where there are any; else in one that is made without the causes.
    private CauseUndoing MergeWithout(Situation situation, MergeTests said, out bool isOne)
    {
        using (SituationCopy copy = stage.Make(situation))
        {
            try
            {
                copy.Undo(said);
                isOne = copy.IsOne || copy.TryToMerge();
                return CauseUndoing.ByCalls;
            }
            catch (NotCopiedException)
            {
                // The other way.
            }
        }

        using SituationCopy without = stage.Make(situation.Keep(MergeTests.None));
        isOne = without.TryToMerge();
        return CauseUndoing.MadeWithout;
    }
}
