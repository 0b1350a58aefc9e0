using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>munmap (mm/vma.c do_vmi_munmap, vms_gather_munmap_vmas).</summary>
public static class MunmapCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// munmap. EINVAL (unaligned, empty, outside), ENOMEM (a hole in the middle at vm.max_map_count), EPERM
        /// (sealed).
        /// </summary>
        public SyscallResult Munmap(MmId mmId, ulong address, ulong length)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if (!Page.IsAligned(address) || !IsInside(mm, address, length))
            {
                return Errno.EINVAL;
            }

            ulong end = address + Page.AlignUp(length);
            Errno refused = end == address
                ? Errno.EINVAL
                : machine.EndsByItself(mm, address, end) ? Errno.None : machine.Refused();
            return refused != Errno.None ? refused : machine.UnmapRange(mm, address, end);
        }

        /// <summary>do_vmi_align_munmap: splits at both ends, then takes everything between away.</summary>
        internal Errno UnmapRange(Mm mm, ulong start, ulong end)
        {
            Errno error = machine.SplitAround(mm, start, end);
            if (error != Errno.None)
            {
                return error;
            }

            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                machine.ZapRange(id, machine.At(id).Start, machine.At(id).End, UnmapReason.Munmap);
            }

            for (VmaId id = mm.Vmas.Find(start); !id.IsNone && machine.At(id).Start < end; id = mm.Vmas.Find(start))
            {
                mm.TotalPages -= machine.At(id).Pages;
                mm.LockedPages -= (machine.At(id).Flags & VmaFlags.Locked) != 0 ? machine.At(id).Pages : 0;
                machine.RemoveVma(mm, id, DropReason.Unmapped);
            }

            return Errno.None;
        }

        /// <summary>vms_gather_munmap_vmas: no VMA reaches over the ends of the range any more.</summary>
        internal Errno SplitAround(Mm mm, ulong start, ulong end)
        {
            VmaId first = mm.Vmas.Find(start);
            return first.IsNone || machine.At(first).Start >= end
                ? Errno.None
                : machine.SplitEnds(mm, first, start, end);
        }

        /// <summary>Pages of whole VMAs in a range.</summary>
        internal ulong PagesWithin(Mm mm, ulong start, ulong end)
        {
            ulong pages = 0;
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                pages += machine.At(id).Pages;
            }

            return pages;
        }

        private Errno SplitEnds(Mm mm, VmaId firstId, ulong start, ulong end)
        {
            ref Vma first = ref machine.At(firstId);
            if (start > first.Start)
            {
                // Two splits of one VMA would leave one VMA more than before.
                if (end < first.End && mm.Vmas.Count >= machine.World.Options.MaxMapCount)
                {
                    return Errno.ENOMEM;
                }

                if (machine.IsSealed(firstId))
                {
                    return Errno.EPERM;
                }

                Errno error = machine.SplitVmaUnchecked(firstId, start, VmaSplitting.NewPart.Below);
                if (error != Errno.None)
                {
                    return error;
                }
            }

            // A seal further on is met when the first VMA has been split.
            if (machine.HoldsSeal(mm, start, end))
            {
                return Errno.EPERM;
            }

            VmaId lastId = mm.Vmas.Lookup(end - 1);
            return !lastId.IsNone && machine.At(lastId).End > end
                ? machine.SplitVmaUnchecked(lastId, end, VmaSplitting.NewPart.Above)
                : Errno.None;
        }
    }

    /// <summary>What do_vmi_munmap asks first: whether a range lies in the address space.</summary>
    internal static bool IsInside(Mm mm, ulong start, ulong length) =>
        start <= mm.TaskSize && length <= mm.TaskSize - start;
}
