using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// An access to a page that was swapped out: do_swap_page.
public sealed partial class Machine<TPages>
{
    /// <summary>
    /// Maps the page again. An entry that was exclusive is so again; of others the first brings the page in, and the
    /// rest find it in the swap cache.
    /// </summary>
    private FaultOutcome SwapFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
    {
        if (TPages.Reserve(_hooks, id, at, ReserveReason.SwapIn) != Errno.None)
        {
            return FaultOutcome.OutOfMemory;
        }

        ref ulong entry = ref _tables.Entry(at.Table, at.First);
        int slot = Pte.Slot(entry);
        bool exclusive = Pte.IsSwapExclusive(entry);
        Pfn page = World.Swap.FrameOf(slot);
        if (page.IsNone)
        {
            page = ReadIn(slot, _vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax);
            if (page.IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            TPages.SwappedIn(_hooks, page, id, at.Address, exclusive ? PageSharing.Exclusive : PageSharing.Shared);
            World.Swap.SetFrame(slot, page);
            _frames[page].Set(FrameFlags.SwapCache);
        }

        bool writable = exclusive && (_vmas[id].Flags & VmaFlags.Write) != 0;
        entry = Pte.Make(page, writable ? Pte.Write | Pte.Dirty : Pte.Dirty);
        _frames[page].MapCount++;
        _frames[page].Set(exclusive ? FrameFlags.Exclusive : FrameFlags.None);
        TPages.Mapped(_hooks, id, at);
        ReleaseSlot(slot);
        _counters.FaultSwappedIn++;
        return access == FaultAccess.Write && !writable
            ? WriteProtectFault(id, at, entry, logged)
            : FaultOutcome.Done;
    }

    /// <summary>A new frame with the bytes of a slot; none if it cannot be allocated.</summary>
    private Pfn ReadIn(int slot, ulong index)
    {
        Pfn page = _frames.Allocate(FrameFlags.Anonymous, index);
        if (!page.IsNone && _frames.HasContents)
        {
            World.Swap.Read(slot).CopyTo(_frames.Bytes(page));
        }

        return page;
    }

    /// <summary>A swap entry is gone; with the last one the page leaves the swap cache.</summary>
    private void ReleaseSlot(int slot)
    {
        Pfn cached = World.Swap.FrameOf(slot);
        if (World.Swap.Release(slot) && !cached.IsNone)
        {
            _frames[cached].Clear(FrameFlags.SwapCache);
        }
    }
}
