using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>A write to a present entry that may not be written through: do_wp_page.</summary>
internal static class WriteProtectFaults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        internal FaultOutcome WriteProtectFault(VmaId id, in PteRange at, ulong pte, PrepareOutcome logged)
        {
            if (machine.Vmas[id].IsShared)
            {
                // wp_page_shared: the file system has been told (page_mkwrite); the page stays.
                machine.Tables.Entry(at.Table, at.First) = pte | Pte.Write | Pte.Dirty;
                return FaultOutcome.Done;
            }

            Pfn page = Pte.Frame(pte);
            if (!page.IsNone && machine.TryReuse(id, at, page))
            {
                machine.Counters.FaultReused++;
                return machine.Dirty(at);
            }

            if (machine.PrepareVma(id, logged) != Errno.None || machine.MapNewPage(id, at, page).IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            if (page.IsNone)
            {
                machine.Counters.FaultNewPage++;
            }
            else
            {
                machine.Counters.FaultCopied++;
            }

            return FaultOutcome.Done;
        }

        /// <summary>
        /// Makes the entry writable if nobody else can see the page: it is exclusive, or this entry is its only
        /// reference (wp_can_reuse_anon_folio); then it becomes this VMA's own.
        /// </summary>
        private bool TryReuse(VmaId id, in PteRange at, Pfn page)
        {
            ref Frame frame = ref machine.Frames[page];
            if (!frame.IsAnonymous)
            {
                return false;
            }

            if (!frame.IsExclusive)
            {
                bool isSole = TPages.Owner == PageOwner.Object
                    ? TPages.IsSole(machine.Hooks, page, id, at.Address)
                    : frame.ReferenceCount == 1;
                if (!isSole)
                {
                    return false;
                }

                TPages.Adopt(machine.Hooks, page, id, at.Address);
                machine.Frames[page].Set(FrameFlags.Exclusive);
            }

            machine.Tables.Entry(at.Table, at.First) |= Pte.Write;
            return true;
        }
    }
}
