using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>An access to a page that was swapped out: do_swap_page.</summary>
internal static class SwapFaults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary>
        /// Maps the page again. An entry that was exclusive is so again; of others the first brings the page in, and
        /// the rest find it in the swap cache.
        /// </summary>
        internal FaultOutcome SwapFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
        {
            if (TPages.Reserve(machine.Hooks, id, at, ReserveReason.SwapIn) != Errno.None)
            {
                return FaultOutcome.OutOfMemory;
            }

            ref ulong entry = ref machine.Tables.Entry(at.Table, at.First);
            int slot = Pte.Slot(entry);
            bool exclusive = Pte.IsSwapExclusive(entry);
            Pfn page = machine.World.Swap.FrameOf(slot);
            if (page.IsNone)
            {
                page = machine.ReadIn(slot, machine.Vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax);
                if (page.IsNone)
                {
                    return FaultOutcome.OutOfMemory;
                }

                TPages.SwappedIn(
                    machine.Hooks, page, id, at.Address, exclusive ? PageSharing.Exclusive : PageSharing.Shared);
                machine.World.Swap.SetFrame(slot, page);
                machine.Frames[page].Set(FrameFlags.SwapCache);
            }

            bool writable = exclusive && (machine.Vmas[id].Flags & VmaFlags.Write) != 0;
            entry = Pte.Make(page, writable ? Pte.Write | Pte.Dirty : Pte.Dirty);
            machine.Frames[page].MapCount++;
            machine.Frames[page].Set(exclusive ? FrameFlags.Exclusive : FrameFlags.None);
            TPages.Mapped(machine.Hooks, id, at);
            machine.ReleaseSlot(slot);
            machine.Counters.FaultSwappedIn++;
            return access == FaultAccess.Write && !writable
                ? machine.WriteProtectFault(id, at, entry, logged)
                : FaultOutcome.Done;
        }

        /// <summary>A new frame with the bytes of a slot; none if it cannot be allocated.</summary>
        internal Pfn ReadIn(int slot, ulong index)
        {
            Pfn page = machine.Frames.Allocate(FrameFlags.Anonymous, index);
            if (!page.IsNone && machine.Frames.HasContents)
            {
                machine.World.Swap.Read(slot).CopyTo(machine.Frames.Bytes(page));
            }

            return page;
        }

        /// <summary>A swap entry is gone; with the last one the page leaves the swap cache.</summary>
        internal void ReleaseSlot(int slot)
        {
            Pfn cached = machine.World.Swap.FrameOf(slot);
            if (machine.World.Swap.Release(slot) && !cached.IsNone)
            {
                machine.Frames[cached].Clear(FrameFlags.SwapCache);
            }
        }
    }
}
