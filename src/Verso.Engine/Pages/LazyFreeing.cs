using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>MADV_FREE: madvise_free_pte_range.</summary>
internal static class LazyFreeing
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.LazyFreeRange"/>.</summary>
        /// <remarks>
        /// A page given up may be dropped until it is written to again; what becomes of it is
        /// <see cref="MachineOptions.LazyFree"/>. One that others map too is kept by their dirty entries, while they
        /// last.
        /// </remarks>
        internal void LazyFreeRange(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                for (int slot = range.First; slot < range.First + range.Count; slot++)
                {
                    machine.LazyFreePage(vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)));
                }

                machine.Tables.FreeIfEmpty(mm, range.Table);
            }
        }

        private void LazyFreePage(VmaId vma, in PteRange at)
        {
            ref ulong entry = ref machine.Tables.Entry(at.Table, at.First);
            if (Pte.IsSwap(entry))
            {
                machine.ZapLeaf(vma, at, UnmapReason.Discard);
            }

            if (!Pte.HasFrame(entry))
            {
                return;
            }

            ref Frame frame = ref machine.Frames[Pte.Frame(entry)];
            bool isSole = machine.IsSole(entry, vma, at);
            if (!frame.IsAnonymous || (!isSole && TPages.Owner == PageOwner.Object))
            {
                return;
            }

            entry &= ~Pte.Dirty;
            frame.Set(FrameFlags.LazyFree);
            if (isSole && machine.IsDroppedAtOnce(at.Address))
            {
                machine.Drop(vma, at);
            }
        }

        /// <summary><see cref="Machine.ReclaimFreed"/>.</summary>
        /// <remarks>
        /// madvise_cold_or_pageout_pte_range, try_to_unmap_one: pages that others map too are skipped; those of
        /// MAP_DROPPABLE memory go even if they were written to.
        /// </remarks>
        internal void ReclaimFreed(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                for (int slot = range.First; slot < range.First + range.Count; slot++)
                {
                    machine.ReclaimPage(vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)));
                }
            }
        }

        private void ReclaimPage(VmaId vma, in PteRange at)
        {
            ulong entry = machine.Tables.Entry(at.Table, at.First);
            if (!Pte.HasFrame(entry))
            {
                return;
            }

            ref Frame frame = ref machine.Frames[Pte.Frame(entry)];
            bool isFreed = frame.Flags.HasFlag(FrameFlags.LazyFree) && (entry & Pte.Dirty) == 0;
            bool isDroppable = (machine.Vmas[vma].Flags & VmaFlags.Droppable) != 0;
            if (frame.IsAnonymous && machine.IsSole(entry, vma, at) && (isFreed || isDroppable))
            {
                machine.Drop(vma, at);
            }
        }

        /// <summary>Whether nobody else has the page that an entry maps.</summary>
        private bool IsSole(ulong entry, VmaId vma, in PteRange at) => machine.Frames[Pte.Frame(entry)].MapCount == 1
            && (TPages.Owner == PageOwner.PageTable || TPages.IsSole(machine.Hooks, Pte.Frame(entry), vma, at.Address));

        private void Drop(VmaId vma, in PteRange at)
        {
            if (machine.Structure.Discard(vma, at.Address, at.Address + Page.Size, UnmapReason.Discard) == Errno.None)
            {
                machine.ZapLeaf(vma, at, UnmapReason.Reclaim);
            }
        }

        private bool IsDroppedAtOnce(ulong address) => machine.World.Options.LazyFree switch
        {
            LazyFree.Drop => true,
            LazyFree.DropOdd => ((address >> Page.Shift) & 1) != 0,
            _ => false,
        };
    }
}
