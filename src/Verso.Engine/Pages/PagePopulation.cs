using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Population without an access of a task: populate_vma_page_range, faultin_page_range.</summary>
internal static class PagePopulation
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.Populate"/>.</summary>
        internal Errno Populate(MmId mm, ulong start, ulong length, FaultAccess access)
        {
            ulong end = start + length;
            Mm space = machine.Mms[mm];
            ulong looked = start;
            for (ulong address = Page.AlignDown(start); address < end; address += Page.Size)
            {
                if (PageTablePool.SlotOf(address) == 0)
                {
                    machine.World.Options.Cancellation.ThrowIfCancellationRequested();
                }

                if (address >= looked)
                {
                    looked = machine.RequireRoom(space, address, end, access);
                }

                FaultOutcome outcome = machine.Touch(space, address, access);
                if (outcome != FaultOutcome.Done)
                {
                    bool isHole = outcome == FaultOutcome.MapError && space.Vmas.Lookup(address).IsNone;
                    return isHole || outcome == FaultOutcome.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
                }
            }

            return Errno.None;
        }

        /// <summary>
        /// Refuses a population that is certain to need more memory than the machine may take before it takes the time:
        /// every page of an empty range will have an entry, and every page that is written a frame.
        /// </summary>
        /// <returns>
        /// Up to where it has looked: the end of the VMA, or of the run of addresses without a table.
        /// </returns>
        /// <exception cref="MemoryLimitException">That is more than may be taken.</exception>
        private ulong RequireRoom(Mm mm, ulong address, ulong end, FaultAccess access)
        {
            VmaId id = mm.Vmas.Lookup(address);
            if (id.IsNone)
            {
                return end;
            }

            // A file may end on the way, a watcher may fill nothing: what is certain is so of anonymous memory alone.
            ref readonly Vma vma = ref machine.Vmas[id];
            end = Math.Min(end, vma.End);
            bool isCertain = machine.IsFilledAnonymously(vma) && (vma.Flags & UserfaultFilling.WatchedForPages) == 0;
            if (!isCertain || !Faults.Allows(mm, vma.Flags, access))
            {
                return end;
            }

            // Where a table is, a guard marker may be, and ends it.
            ulong next = address;
            if (machine.Tables.TryNextRange(mm, ref next, end, out PteRange existing))
            {
                end = existing.Address;
            }
            else
            {
                next = end;
            }

            long pages = (long)((end - address) >> Page.Shift);
            long tables = pages / PageTablePool.EntryCount;
            machine.World.Budget.RequireRoom(
                machine.Tables.MissingBytes(tables)
                    + (access == FaultAccess.Write ? machine.Frames.MissingBytes(pages) : 0));
            return next;
        }

        /// <summary>
        /// An access that faults only where the entry does not already allow it. No stack grows: GUP does not expand
        /// them. MapError where nothing is mapped, and at a guard marker.
        /// </summary>
        internal FaultOutcome Touch(Mm mm, ulong address, FaultAccess access)
        {
            VmaId id = mm.Vmas.Lookup(address);
            if (id.IsNone)
            {
                return FaultOutcome.MapError;
            }

            if (!Faults.Allows(mm, machine.Vmas[id].Flags, access))
            {
                return FaultOutcome.AccessError;
            }

            ulong pte = machine.Tables.Read(mm, address);
            bool allowed = access == FaultAccess.Write ? Pte.IsWritable(pte) : Pte.IsPresent(pte);
            if (allowed)
            {
                return FaultOutcome.Done;
            }

            machine.Counters.FaultCount++;
            return machine.HandleFault(mm, id, address, access, PrepareOutcome.Derive);
        }
    }
}
