using System.Runtime.CompilerServices;
using Verso.Engine.Frames;
using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Clearing entries: unmap_page_range, zap_pte_range; and page tables that become empty.</summary>
internal static class Zapping
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.ZapRange"/>.</summary>
        internal void ZapRange(VmaId vma, ulong start, ulong end, UnmapReason reason)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                if (machine.Tables[range.Table].Live > 0)
                {
                    machine.ZapLeaf(vma, range, reason);
                }

                machine.Tables.FreeIfEmpty(mm, range.Table);
            }
        }

        /// <summary><see cref="Machine.FreeTables"/>.</summary>
        internal void FreeTables(Mm mm) => machine.Tables.FreeAll(mm);

        /// <summary><see cref="Machine.UnmapFileRange"/>.</summary>
        internal void UnmapFileRange(Inode inode, ulong first, ulong end, PrivateCopies copies)
        {
            LockId map = inode.Lock;
            machine.World.Locks.Begin(map, LockMode.Read);
            foreach (VmaId id in inode.Mappings)
            {
                ref Vma vma = ref machine.Vmas[id];
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
                    machine.ZapFilePages(id, start, stop);
                }
                else
                {
                    Invariant.Require(
                        vma.IsShared || machine.Structure.Discard(id, start, stop, UnmapReason.Truncate) == Errno.None);
                    machine.ZapRange(id, start, stop, UnmapReason.Truncate);
                }
            }

            machine.World.Locks.End(map, LockMode.Read, inode.MappingCount);
        }

        internal void ZapLeaf(VmaId vma, in PteRange range, UnmapReason reason)
        {
            TPages.Unmapped(machine.Hooks, vma, range, reason);
            bool dropMarkers = DropsMarkers(reason);
            Span<ulong> entries = machine.Tables.Entries(range);
            int cleared = 0;
            int zapped = 0;
            int freed = 0;
            for (int i = 0; i < entries.Length; i++)
            {
                ulong pte = entries[i];
                if (Pte.IsPresent(pte))
                {
                    zapped++;
                    freed += Pte.HasFrame(pte) && machine.DropEntry(Pte.Frame(pte)) ? 1 : 0;
                }
                else if (pte == 0 || (!dropMarkers && Pte.IsGuard(pte)))
                {
                    continue;
                }
                else if (Pte.IsSwap(pte))
                {
                    machine.ReleaseSlot(Pte.Slot(pte));
                }

                entries[i] = 0;
                cleared++;
            }

            machine.Frames.CountFreed(freed);
            machine.Tables.AddLive(range.Table, -cleared);
            machine.Counters.PtesZapped += zapped;
        }

        /// <summary>Clears the entries that hold pages of the file itself; private copies stay.</summary>
        private void ZapFilePages(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                for (int slot = range.First; slot < range.First + range.Count; slot++)
                {
                    ulong pte = machine.Tables.Entry(range.Table, slot);
                    if (Pte.HasFrame(pte) && !machine.Frames[Pte.Frame(pte)].IsAnonymous)
                    {
                        machine.ZapLeaf(
                            vma, new PteRange(range.Table, slot, 1, range.AddressOf(slot)), UnmapReason.Truncate);
                    }
                }

                machine.Tables.FreeIfEmpty(mm, range.Table);
            }
        }

        /// <summary>
        /// One entry fewer holds the frame; an anonymous one that no object holds goes with its last entry. Returns
        /// whether it went: the caller counts (<see cref="FrameTable.CountFreed"/>).
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal bool DropEntry(Pfn pfn)
        {
            ref Frame frame = ref machine.Frames[pfn];
            Invariant.Require(frame.MapCount > 0);
            if (--frame.MapCount > 0 || !frame.IsAnonymous)
            {
                return false;
            }

            if ((frame.Flags & (FrameFlags.Held | FrameFlags.SwapCache)) != 0)
            {
                machine.KeepUnmapped(pfn);
                return false;
            }

            TPages.Release(machine.Hooks, pfn);
            machine.Frames.Unlist(pfn);
            return true;
        }

        /// <summary>
        /// The last entry of a page is gone, but an object holds it, or swap entries still refer to the slot that it
        /// caches: then it goes there.
        /// </summary>
        private void KeepUnmapped(Pfn pfn)
        {
            machine.Frames[pfn].Clear(FrameFlags.Exclusive);
            if ((machine.Frames[pfn].Flags & FrameFlags.SwapCache) != 0)
            {
                machine.WriteOut(pfn, machine.World.Swap.SlotOf(pfn));
            }
        }

        /// <summary>A page that no entry maps any more is saved, and its frame is free.</summary>
        internal void WriteOut(Pfn page, int slot)
        {
            machine.World.Swap.SetFrame(slot, default);
            if (machine.Frames.HasContents)
            {
                machine.World.Swap.Write(slot, machine.Frames.Bytes(page));
            }

            TPages.Release(machine.Hooks, page);
            machine.Frames.Free(page);
        }
    }

    /// <summary>Whether guard markers go too: only where the mapping itself does (ZAP_FLAG_DROP_MARKER).</summary>
    private static bool DropsMarkers(UnmapReason reason) => reason is UnmapReason.Munmap or UnmapReason.Exit;
}
