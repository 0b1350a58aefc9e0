using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// A write to a present entry that may not be written through: do_wp_page.
public sealed partial class Machine<TPages>
{
    private FaultOutcome WriteProtectFault(VmaId id, in PteRange at, ulong pte, PrepareOutcome logged)
    {
        if (_vmas[id].IsShared)
        {
            // wp_page_shared: the file system has been told (page_mkwrite); the page stays.
            _tables.Entry(at.Table, at.First) = pte | Pte.Write | Pte.Dirty;
            return FaultOutcome.Done;
        }

        Pfn page = Pte.Frame(pte);
        if (!page.IsNone && TryReuse(id, at, page))
        {
            _counters.FaultReused++;
            return Dirty(at);
        }

        if (PrepareVma(id, logged) != Errno.None || MapNewPage(id, at, page).IsNone)
        {
            return FaultOutcome.OutOfMemory;
        }

        if (page.IsNone)
        {
            _counters.FaultNewPage++;
        }
        else
        {
            _counters.FaultCopied++;
        }

        return FaultOutcome.Done;
    }

    /// <summary>
    /// Makes the entry writable if nobody else can see the page: it is exclusive, or this entry is its only reference
    /// (wp_can_reuse_anon_folio); then it becomes this VMA's own.
    /// </summary>
    private bool TryReuse(VmaId id, in PteRange at, Pfn page)
    {
        ref Frame frame = ref _frames[page];
        if (!frame.IsAnonymous)
        {
            return false;
        }

        if (!frame.IsExclusive)
        {
            bool isSole = TPages.Owner == PageOwner.Object
                ? TPages.IsSole(_hooks, page, id, at.Address)
                : frame.ReferenceCount == 1;
            if (!isSole)
            {
                return false;
            }

            TPages.Adopt(_hooks, page, id, at.Address);
            _frames[page].Set(FrameFlags.Exclusive);
        }

        _tables.Entry(at.Table, at.First) |= Pte.Write;
        return true;
    }
}
