using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// MADV_FREE: madvise_free_pte_range.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    /// <remarks>
    /// Pages that others map too are skipped. A page given up may be dropped until it is written to again; what
    /// becomes of it is <see cref="MachineOptions.LazyFree"/>.
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
        if (!frame.IsAnonymous || frame.MapCount != 1
            || (TPages.Owner == PageOwner.Object && !_hooks.IsSole(Pte.Frame(entry), vma, at.Address)))
        {
            return;
        }

        entry &= ~Pte.Dirty;
        frame.Set(FrameFlags.LazyFree);
        if (IsDroppedAtOnce(at.Address)
            && Structure.Discard(vma, at.Address, at.Address + Page.Size, UnmapReason.Discard) == Errno.None)
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
