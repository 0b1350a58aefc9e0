using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// MADV_FREE: madvise_free_pte_range.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    /// <remarks>
    /// A page given up may be dropped until it is written to again; what becomes of it is
    /// <see cref="MachineOptions.LazyFree"/>. One that others map too is kept by their dirty entries, while they last.
    /// </remarks>
    private protected override void LazyFreeRange(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            for (int slot = range.First; slot < range.First + range.Count; slot++)
            {
                LazyFreePage(vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)));
            }

            _tables.FreeIfEmpty(mm, range.Table);
        }
    }

    private void LazyFreePage(VmaId vma, in PteRange at)
    {
        ref ulong entry = ref _tables.Entry(at.Table, at.First);
        if (Pte.IsSwap(entry))
        {
            ZapLeaf(vma, at, UnmapReason.Discard);
        }

        if (!Pte.HasFrame(entry))
        {
            return;
        }

        ref Frame frame = ref _frames[Pte.Frame(entry)];
        bool isSole = IsSole(entry, vma, at);
        if (!frame.IsAnonymous || (!isSole && TPages.Owner == PageOwner.Object))
        {
            return;
        }

        entry &= ~Pte.Dirty;
        frame.Set(FrameFlags.LazyFree);
        if (isSole && IsDroppedAtOnce(at.Address))
        {
            Drop(vma, at);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// madvise_cold_or_pageout_pte_range, try_to_unmap_one: pages that others map too are skipped; those of
    /// MAP_DROPPABLE memory go even if they were written to.
    /// </remarks>
    private protected override void ReclaimFreed(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            for (int slot = range.First; slot < range.First + range.Count; slot++)
            {
                ReclaimPage(vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)));
            }
        }
    }

    private void ReclaimPage(VmaId vma, in PteRange at)
    {
        ulong entry = _tables.Entry(at.Table, at.First);
        if (!Pte.HasFrame(entry))
        {
            return;
        }

        ref Frame frame = ref _frames[Pte.Frame(entry)];
        bool isFreed = frame.Flags.HasFlag(FrameFlags.LazyFree) && (entry & Pte.Dirty) == 0;
        bool isDroppable = (_vmas[vma].Flags & VmaFlags.Droppable) != 0;
        if (frame.IsAnonymous && IsSole(entry, vma, at) && (isFreed || isDroppable))
        {
            Drop(vma, at);
        }
    }

    /// <summary>Whether nobody else has the page that an entry maps.</summary>
    private bool IsSole(ulong entry, VmaId vma, in PteRange at) => _frames[Pte.Frame(entry)].MapCount == 1
        && (TPages.Owner == PageOwner.PageTable || TPages.IsSole(_hooks, Pte.Frame(entry), vma, at.Address));

    private void Drop(VmaId vma, in PteRange at)
    {
        if (Structure.Discard(vma, at.Address, at.Address + Page.Size, UnmapReason.Discard) == Errno.None)
        {
            ZapLeaf(vma, at, UnmapReason.Reclaim);
        }
    }

    private bool IsDroppedAtOnce(ulong address) => World.Options.LazyFree switch
    {
        LazyFree.Drop => true,
        LazyFree.DropOdd => ((address >> Page.Shift) & 1) != 0,
        _ => false,
    };
}
