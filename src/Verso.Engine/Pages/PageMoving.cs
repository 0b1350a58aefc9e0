using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>mremap's moving of page tables: move_page_tables, move_ptes.</summary>
internal static class PageMoving
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.MoveRange"/>.</summary>
        /// <remarks>
        /// Tables that become empty stay until the old range is unmapped, so that moving back after a failure needs no
        /// allocation.
        /// </remarks>
        internal ulong MoveRange(VmaId from, ulong start, VmaId to, ulong target, ulong length)
        {
            Invariant.Require(start + length <= target || target + length <= start);
            Mm mm = machine.Mms[machine.Vmas[from].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, start + length, out PteRange range))
            {
                ulong landing = target + (range.Address - start);
                int fitting = PageTablePool.EntryCount - PageTablePool.SlotOf(landing);
                int firstCount = Math.Min(range.Count, fitting);
                if (!machine.MovePiece(mm, from, to, range with { Count = firstCount }, landing))
                {
                    return range.Address - start;
                }

                if (firstCount < range.Count)
                {
                    ulong step = (ulong)firstCount << Page.Shift;
                    PteRange rest = new(
                        range.Table, range.First + firstCount, range.Count - firstCount, range.Address + step);
                    if (!machine.MovePiece(mm, from, to, rest, landing + step))
                    {
                        return rest.Address - start;
                    }
                }
            }

            return length;
        }

        /// <summary>Moves entries between two leaf tables; false if the target's cannot be allocated.</summary>
        private bool MovePiece(Mm mm, VmaId from, VmaId to, in PteRange source, ulong landing)
        {
            if (machine.Tables.Entries(source).IndexOfAnyExcept(0UL) < 0)
            {
                return true;
            }

            bool wholeTable = source.Count == PageTablePool.EntryCount && PageTablePool.SlotOf(landing) == 0;
            if (wholeTable && machine.Tables.FindLeaf(mm, landing) == 0)
            {
                return machine.MoveTable(mm, from, to, source, landing);
            }

            int leaf = machine.Tables.EnsureLeaf(mm, landing);
            if (leaf == 0)
            {
                return false;
            }

            PteRange target = new(leaf, PageTablePool.SlotOf(landing), source.Count, landing);
            Span<ulong> old = machine.Tables.Entries(source);
            Span<ulong> fresh = machine.Tables.Entries(target);
            Invariant.Require(fresh.IndexOfAnyExcept(0UL) < 0);
            TPages.Moved(machine.Hooks, from, to, source, target);
            int live = 0;
            int present = 0;
            for (int i = 0; i < old.Length; i++)
            {
                ulong pte = old[i];
                live += pte != 0 ? 1 : 0;
                present += Pte.IsPresent(pte) ? 1 : 0;
            }

            old.CopyTo(fresh);
            old.Clear();
            machine.Tables.AddLive(source.Table, -live);
            machine.Tables.AddLive(target.Table, live);
            machine.Counters.PtesMoved += present;
            return true;
        }

        /// <summary>
        /// Both ends are a multiple of 2 MiB: the leaf table itself changes its place (move_normal_pmd, HAVE_MOVE_PMD).
        /// </summary>
        private bool MoveTable(Mm mm, VmaId from, VmaId to, in PteRange source, ulong landing)
        {
            if (!machine.Tables.TryMoveLeaf(mm, source.Table, landing))
            {
                return false;
            }

            TPages.Moved(machine.Hooks, from, to, source, source with { Address = landing });
            machine.Counters.TablesMoved++;
            return true;
        }
    }
}
