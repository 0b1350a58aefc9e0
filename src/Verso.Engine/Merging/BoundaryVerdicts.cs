using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// The verdict of merging without a merge: what is told of a live process is what the engine would act on.
/// </summary>
public static class BoundaryVerdicts
{
    extension(Machine machine)
    {
        /// <summary>
        /// What keeps the two VMAs that touch at an address from being one, were a call to try it now: an attribute of
        /// one changes to what it is. For each way round, as either may be absorbed. Counts nothing.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="boundary">Where one VMA ends and the next begins, a byte address.</param>
        /// <returns>Null where no two VMAs touch.</returns>
        public BothVerdicts? VerdictsAt(MmId mmId, ulong boundary) => machine.VerdictsAt(mmId, boundary, boundary - 1);

        /// <summary>
        /// The same, were the lower one the end of a larger one that has the anonymous state of another: merged with
        /// what is below, it would have the anon_vma and the chain of the first of them that has any (dup_anon_vma). Of
        /// designs that look at pages rather than at anon_vmas this is not to be asked.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="boundary">Where one VMA ends and the next begins, a byte address.</param>
        /// <param name="state">A byte address in the VMA whose anonymous state it is; below the boundary.</param>
        /// <returns>Null where no two VMAs touch.</returns>
        public BothVerdicts? VerdictsAt(MmId mmId, ulong boundary, ulong state)
        {
            Invariant.Require(state < boundary);
            Mm mm = machine.World.Mms[mmId];
            (VmaId lower, VmaId upper) = mm.Vmas.Around(boundary - 1);
            if (lower.IsNone || machine.At(lower).End != boundary || upper.IsNone
                || machine.At(upper).Start != boundary)
            {
                return null;
            }

            VmaId stateOf = mm.Vmas.AtOrBelow(state);
            MergeRequest below = machine.RequestToAbsorb(mm, lower) with { Middle = stateOf, StateOf = stateOf };
            return new BothVerdicts(
                machine.WithClose(upper, machine.JudgeLeft(machine.RequestToAbsorb(mm, upper), stateOf)),
                machine.WithClose(lower, machine.JudgeRight(below)));
        }

        private MergeRequest RequestToAbsorb(Mm mm, VmaId id) =>
            machine.RequestInside(mm, id, machine.At(id).Start, machine.At(id).End);

        private MergeVerdict WithClose(VmaId absorbed, MergeVerdict verdict) =>
            machine.At(absorbed).HasClose ? verdict with { Failed = verdict.Failed | MergeTests.Close } : verdict;
    }
}
