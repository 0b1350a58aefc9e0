using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Clearing entries: unmap_page_range, zap_pte_range; and page tables that become empty.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    private protected override void ZapRange(VmaId vma, ulong start, ulong end, UnmapReason reason)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            if (_tables[range.Table].Live > 0)
            {
                ZapLeaf(vma, range, reason);
            }

            _tables.FreeIfEmpty(mm, range.Table);
        }
    }

    /// <inheritdoc/>
    private protected override void FreeTables(Mm mm) => _tables.FreeAll(mm);

    /// <inheritdoc/>
    private protected override void UnmapFileRange(Inode inode, ulong first, ulong end, PrivateCopies copies)
    {
        LockId map = inode.Lock;
        World.Locks.Begin(map, LockMode.Read);
        foreach (VmaId id in inode.Mappings)
        {
            ref Vma vma = ref _vmas[id];
            ulong from = Math.Max(first, vma.Pgoff);
            ulong to = Math.Min(end, vma.Pgoff + vma.Pages);
            if (from >= to)
            {
                continue;
            }

            ulong start = vma.Start + ((from - vma.Pgoff) << Page.Shift);
            ulong stop = vma.Start + ((to - vma.Pgoff) << Page.Shift);
            if (copies == PrivateCopies.Keep && vma.Prepared)
            {
                ZapFilePages(id, start, stop);
            }
            else
            {
                Invariant.Require(
                    vma.IsShared || Structure.Discard(id, start, stop, UnmapReason.Truncate) == Errno.None);
                ZapRange(id, start, stop, UnmapReason.Truncate);
            }
        }

        World.Locks.End(map, LockMode.Read, inode.MappingCount);
    }

    /// <summary>Whether guard markers go too: only where the mapping itself does (ZAP_FLAG_DROP_MARKER).</summary>
    private static bool DropsMarkers(UnmapReason reason) => reason is UnmapReason.Munmap or UnmapReason.Exit;

    private void ZapLeaf(VmaId vma, in PteRange range, UnmapReason reason)
    {
        TPages.Unmapped(_hooks, vma, range, reason);
        bool dropMarkers = DropsMarkers(reason);
        Span<ulong> entries = _tables.Entries(range);
        int cleared = 0;
        int zapped = 0;
        int freed = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong pte = entries[i];
            if (Pte.IsPresent(pte))
            {
                zapped++;
                freed += Pte.HasFrame(pte) && DropEntry(Pte.Frame(pte)) ? 1 : 0;
            }
            else if (pte == 0 || (!dropMarkers && Pte.IsGuard(pte)))
            {
                continue;
            }
            else if (Pte.IsSwap(pte))
            {
                ReleaseSlot(Pte.Slot(pte));
            }

            entries[i] = 0;
            cleared++;
        }

        _frames.CountFreed(freed);
        _tables.AddLive(range.Table, -cleared);
        _counters.PtesZapped += zapped;
    }

    /// <summary>Clears the entries that hold pages of the file itself; private copies stay.</summary>
    private void ZapFilePages(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            for (int slot = range.First; slot < range.First + range.Count; slot++)
            {
                ulong pte = _tables.Entry(range.Table, slot);
                if (Pte.HasFrame(pte) && !_frames[Pte.Frame(pte)].IsAnonymous)
                {
                    ZapLeaf(vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)), UnmapReason.Truncate);
                }
            }

            _tables.FreeIfEmpty(mm, range.Table);
        }
    }
}
