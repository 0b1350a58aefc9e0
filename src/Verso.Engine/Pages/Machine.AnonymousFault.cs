using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// First access to a page of anonymous memory: do_anonymous_page.
public sealed partial class Machine<TPages>
{
    private FaultOutcome AnonymousFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
    {
        if (_vmas[id].IsShared)
        {
            // A shared mapping without a file behind it has nothing to share: VM_FAULT_SIGBUS.
            return FaultOutcome.Bus;
        }

        if (access != FaultAccess.Write)
        {
            _tables.Put(at.Table, at.First, Pte.ZeroPage);
            _counters.FaultZeroPage++;
            return FaultOutcome.Done;
        }

        if (PrepareVma(id, logged) != Errno.None || MapNewPage(id, at, default).IsNone)
        {
            return FaultOutcome.OutOfMemory;
        }

        _counters.FaultNewPage++;
        return FaultOutcome.Done;
    }

    /// <summary>
    /// Puts a new anonymous page, exclusive and dirty, in place of what the entry holds. Returns its frame, or none
    /// if an allocation failed; then the entry is as it was.
    /// </summary>
    /// <param name="id">The VMA. Requires: it is prepared.</param>
    /// <param name="at">The entry.</param>
    /// <param name="source">The frame whose bytes it takes over; none for a page of zeroes.</param>
    private Pfn MapNewPage(VmaId id, in PteRange at, Pfn source)
    {
        Invariant.Require(_vmas[id].Prepared);
        if (TPages.Reserve(_hooks, id, at, ReserveReason.Instantiate) != Errno.None)
        {
            return default;
        }

        // Where anonymous neighbours always join, offsets below 0 may come of it; no such design looks at them.
        ulong index = _vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax;
        Pfn fresh = _frames.Allocate(FrameFlags.Anonymous | FrameFlags.Exclusive, index);
        if (fresh.IsNone)
        {
            return default;
        }

        if (!source.IsNone && _frames.HasContents)
        {
            _frames.Bytes(source).CopyTo(_frames.Bytes(fresh));
        }

        TPages.Instantiate(_hooks, fresh, id, at.Address);
        ulong old = _tables.Entry(at.Table, at.First);
        if (Pte.HasFrame(old))
        {
            TPages.Unmapped(_hooks, id, at, UnmapReason.CopyOnWrite);
        }

        bool writable = (_vmas[id].Flags & VmaFlags.Write) != 0;
        _tables.Put(at.Table, at.First, Pte.Make(fresh, writable ? Pte.Write | Pte.Dirty : Pte.Dirty));
        _frames[fresh].MapCount = 1;
        TPages.Mapped(_hooks, id, at);
        if (Pte.HasFrame(old))
        {
            _frames.CountFreed(DropEntry(Pte.Frame(old)) ? 1 : 0);
        }

        return fresh;
    }
}
