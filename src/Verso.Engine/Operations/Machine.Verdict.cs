using Verso.Engine.Vmas;

namespace Verso.Engine;

// The verdict of merging without a merge: what is told of a live process is what the engine would act on.
public abstract partial class Machine
{
    /// <summary>
    /// What keeps the two VMAs that touch at an address from being one, were a call to try it now: an attribute of one
    /// changes to what it is. Of the two ways round, either may be absorbed, the kinder one. Counts nothing.
    /// </summary>
    /// <param name="mmId">The address space.</param>
    /// <param name="boundary">Where one VMA ends and the next begins, a byte address.</param>
    /// <returns>Null where no two VMAs touch.</returns>
    public MergeVerdict? VerdictAt(MmId mmId, ulong boundary) => VerdictsAt(mmId, boundary)?.Kinder;

    /// <summary>The same for each way round. Counts nothing.</summary>
    /// <param name="mmId">The address space.</param>
    /// <param name="boundary">Where one VMA ends and the next begins, a byte address.</param>
    /// <returns>Null where no two VMAs touch.</returns>
    public BothVerdicts? VerdictsAt(MmId mmId, ulong boundary)
    {
        Mm mm = World.Mms[mmId];
        int at = mm.Vmas.IndexAtOrBelow(boundary);
        if (at < 1 || mm.Vmas.Starts[at] != boundary || At(mm.Vmas.Ids[at - 1]).End != boundary)
        {
            return null;
        }

        return new BothVerdicts(
            VerdictOfAbsorbing(mm, mm.Vmas.Ids[at], JudgeLeft),
            VerdictOfAbsorbing(mm, mm.Vmas.Ids[at - 1], JudgeRight));
    }

    private delegate MergeVerdict JudgeSide(in MergeRequest request);

    private MergeVerdict VerdictOfAbsorbing(Mm mm, VmaId absorbed, JudgeSide judge)
    {
        ref Vma vma = ref At(absorbed);
        MergeTests close = vma.HasClose ? MergeTests.Close : MergeTests.None;
        return new MergeVerdict(judge(RequestInside(mm, absorbed, vma.Start, vma.End)).Failed | close);
    }
}
