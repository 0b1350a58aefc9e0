using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// First access through this page table to a page that a memory object holds. Object-owned designs only.
public sealed partial class Machine<TPages>
{
    /// <summary>
    /// A read maps the page as it is. A write takes it where nobody else can see it, and else copies it. What is in
    /// swap is brought back first.
    /// </summary>
    private FaultOutcome FoundFault(VmaId id, in PteRange at, FoundPage found, FaultAccess access)
    {
        Pfn page = found.Frame.IsNone ? Refill(id, at, found.Slot) : found.Frame;
        if (page.IsNone)
        {
            return FaultOutcome.OutOfMemory;
        }

        _counters.FaultFound++;
        if (access != FaultAccess.Write)
        {
            return MapPage(id, at, page, 0);
        }

        if (!TPages.IsSole(_hooks, page, id, at.Address))
        {
            _counters.FaultCopied++;
            return MapNewPage(id, at, page).IsNone ? FaultOutcome.OutOfMemory : FaultOutcome.Done;
        }

        TPages.Adopt(_hooks, page, id, at.Address);
        FaultOutcome outcome = MapPage(id, at, page, Pte.Write | Pte.Dirty);
        if (outcome == FaultOutcome.Done)
        {
            _frames[page].Set(FrameFlags.Exclusive);
            _frames[page].Clear(FrameFlags.LazyFree);
        }

        return outcome;
    }

    private Pfn Refill(VmaId id, in PteRange at, int slot)
    {
        Pfn page = ReadIn(slot, _vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax);
        if (!page.IsNone)
        {
            TPages.Refilled(_hooks, id, at.Address, page);
            Invariant.Require(World.Swap.Release(slot));
            _counters.FaultSwappedIn++;
        }

        return page;
    }
}
