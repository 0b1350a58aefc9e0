using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// Overcommit (mm/util.c __vm_enough_memory). Mode 2 is not modelled: its limit is shared by the whole machine.
/// </summary>
internal static class OvercommitChecks
{
    extension(Machine machine)
    {
        /// <summary>
        /// Whether so many pages may be committed at once. Mode 0 refuses what memory and swap could not hold together,
        /// whatever is committed already.
        /// </summary>
        internal bool MayCommit(ulong pages) =>
            machine.World.Options.OvercommitMode != 0 || pages <= machine.World.Options.CommittablePages;

        /// <summary>vrm_calc_charge: what a mremap of a committed mapping adds.</summary>
        internal bool MayCommit(in Vma vma, in MremapRequest call)
        {
            bool stays = (call.Flags & RemapFlags.DontUnmap) != 0;
            ulong bytes = stays ? call.NewLength : call.NewLength - Math.Min(call.OldLength, call.NewLength);
            return (vma.Flags & VmaFlags.Account) == 0 || machine.MayCommit(bytes >> Page.Shift);
        }

        /// <summary>Committed pages of whole VMAs in a range (nr_accounted of what is unmapped).</summary>
        internal ulong CommittedWithin(Mm mm, ulong start, ulong end)
        {
            ulong pages = 0;
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                pages += (machine.At(id).Flags & VmaFlags.Account) != 0 ? machine.At(id).Pages : 0;
            }

            return pages;
        }
    }
}
