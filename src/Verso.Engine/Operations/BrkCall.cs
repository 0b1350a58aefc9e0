using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>brk (mm/mmap.c sys_brk, mm/vma.c do_brk_flags).</summary>
public static class BrkCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// brk: moves the end of the heap if it can, and returns the break that is, in bytes. Never an error.
        /// </summary>
        public SyscallResult Brk(MmId mmId, ulong address)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if (address < mm.StartBrk || address > mm.TaskSize)
            {
                return SyscallResult.Ok(mm.Brk);
            }

            // check_data_rlimit, whichever way it goes.
            if (mm.Limits.DataBytes != MmLimits.None && address - mm.StartBrk > mm.Limits.DataBytes)
            {
                return SyscallResult.Ok(mm.Brk);
            }

            ulong fresh = Page.AlignUp(address);
            ulong old = Page.AlignUp(mm.Brk);
            bool moved = fresh == old
                || (address <= mm.Brk ? machine.ShrinkHeap(mm, fresh, old) : machine.GrowHeap(mm, old, fresh));
            if (moved)
            {
                mm.Brk = address;
            }

            return SyscallResult.Ok(mm.Brk);
        }

        private bool ShrinkHeap(Mm mm, ulong fresh, ulong old)
        {
            return mm.Vmas.Intersects(fresh, old) && machine.UnmapRange(mm, fresh, old) == Errno.None;
        }

        private bool GrowHeap(Mm mm, ulong old, ulong fresh)
        {
            VmaId above = mm.Vmas.Find(old);
            if (!above.IsNone && fresh + Page.Size > machine.StartGap(above))
            {
                return false;
            }

            const VmaFlags Data = VmaFlags.Read | VmaFlags.Write | VmaFlags.MayAccess | VmaFlags.Account;
            ulong pages = (fresh - old) >> Page.Shift;
            if (!machine.MayExpand(mm, Data, pages) || !machine.MayCommit(pages))
            {
                return false;
            }

            if (mm.Vmas.Count > machine.World.Options.MaxMapCount || !machine.MayLock(mm, mm.DefaultFlags, fresh - old))
            {
                return false;
            }

            // vma_prev_limit: what lies below start_brk (the program's bss) is not the heap.
            (VmaId prev, VmaId next) = mm.Vmas.Around(old);
            prev = !prev.IsNone && machine.At(prev).End > mm.StartBrk ? prev : default;
            VmaFlags implied = (mm.Flags & MmFlags.ReadImpliesExec) != 0 ? VmaFlags.Exec : VmaFlags.None;
            MergeRequest range = MergeRequest.Fresh(mm, (prev, next), old, fresh) with
            {
                Flags = machine.MergeableBeforeMerge(mm, Data | implied | mm.DefaultFlags, default),
                Pgoff = machine.Structure.Place(mm, old, pages),
            };
            range.AnonPgoff = range.Pgoff;

            // Only the VMA that reaches the break is tried: a fork child's heap is no singular chain and begins a
            // second VMA.
            MergeOutcome outcome = machine.MergeNewRange(range, VmaMerging.MergeSides.Lower, out _);
            if (outcome == MergeOutcome.OutOfMemory
                || (outcome == MergeOutcome.NoMerge && machine.NewMapping(range).IsNone))
            {
                return false;
            }

            mm.TotalPages += range.Pages;
            if ((mm.DefaultFlags & VmaFlags.Locked) != 0)
            {
                mm.LockedPages += range.Pages;
                machine.PopulateUnlocked(mm, old, fresh - old);
            }

            return true;
        }
    }
}
