using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>
/// First access through this page table to a page that a memory object holds. Object-owned designs only.
/// </summary>
internal static class FoundFaults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary>
        /// A read maps the page as it is. A write takes it where nobody else can see it, and else copies it. What is in
        /// swap is brought back first.
        /// </summary>
        internal FaultOutcome FoundFault(VmaId id, in PteRange at, FoundPage found, FaultAccess access)
        {
            Pfn page = found.Frame.IsNone ? machine.Refill(id, at, found.Slot) : found.Frame;
            if (page.IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            machine.Counters.FaultFound++;
            if (access != FaultAccess.Write)
            {
                return machine.MapPage(id, at, page, 0);
            }

            if (!TPages.IsSole(machine.Hooks, page, id, at.Address))
            {
                machine.Counters.FaultCopied++;
                return machine.MapNewPage(id, at, page).IsNone ? FaultOutcome.OutOfMemory : FaultOutcome.Done;
            }

            TPages.Adopt(machine.Hooks, page, id, at.Address);
            FaultOutcome outcome = machine.MapPage(id, at, page, Pte.Write | Pte.Dirty);
            if (outcome == FaultOutcome.Done)
            {
                machine.Frames[page].Set(FrameFlags.Exclusive);
                machine.Frames[page].Clear(FrameFlags.LazyFree);
            }

            return outcome;
        }

        private Pfn Refill(VmaId id, in PteRange at, int slot)
        {
            Pfn page = machine.ReadIn(slot, machine.Vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax);
            if (!page.IsNone)
            {
                TPages.Refilled(machine.Hooks, id, at.Address, page);
                Invariant.Require(machine.World.Swap.Release(slot));
                machine.Counters.FaultSwappedIn++;
            }

            return page;
        }
    }
}
