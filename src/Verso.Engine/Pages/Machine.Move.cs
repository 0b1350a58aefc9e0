using Verso.Engine.PageTables;

namespace Verso.Engine;

// mremap's moving of page tables: move_page_tables, move_ptes.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    /// <remarks>
    /// Tables that become empty stay until the old range is unmapped, so that moving back after a failure needs no
    /// allocation.
    /// </remarks>
    private protected override ulong MoveRange(VmaId from, ulong start, VmaId to, ulong target, ulong length)
    {
        Invariant.Require(start + length <= target || target + length <= start);
        Mm mm = _mms[_vmas[from].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, start + length, out PteRange range))
        {
            ulong landing = target + (range.Address - start);
            int fitting = PageTablePool.EntryCount - PageTablePool.SlotOf(landing);
            int firstCount = Math.Min(range.Count, fitting);
            if (!MovePiece(mm, from, to, range with { Count = firstCount }, landing))
            {
                return range.Address - start;
            }

            if (firstCount < range.Count)
            {
                ulong step = (ulong)firstCount << Page.Shift;
                PteRange rest = new(
                    range.Table, range.First + firstCount, range.Count - firstCount, range.Address + step);
                if (!MovePiece(mm, from, to, rest, landing + step))
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
        if (_tables.Entries(source).IndexOfAnyExcept(0UL) < 0)
        {
            return true;
        }

        bool wholeTable = source.Count == PageTablePool.EntryCount && PageTablePool.SlotOf(landing) == 0;
        if (wholeTable && _tables.FindLeaf(mm, landing) == 0)
        {
            return MoveTable(mm, from, to, source, landing);
        }

        int leaf = _tables.EnsureLeaf(mm, landing);
        if (leaf == 0)
        {
            return false;
        }

        PteRange target = new(leaf, PageTablePool.SlotOf(landing), source.Count, landing);
        Span<ulong> old = _tables.Entries(source);
        Span<ulong> fresh = _tables.Entries(target);
        Invariant.Require(fresh.IndexOfAnyExcept(0UL) < 0);
        TPages.Moved(_hooks, from, to, source, target);
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
        _tables.AddLive(source.Table, -live);
        _tables.AddLive(target.Table, live);
        _counters.PtesMoved += present;
        return true;
    }

    /// <summary>
    /// Both ends are a multiple of 2 MiB: the leaf table itself changes its place (move_normal_pmd, HAVE_MOVE_PMD).
    /// </summary>
    private bool MoveTable(Mm mm, VmaId from, VmaId to, in PteRange source, ulong landing)
    {
        if (!_tables.TryMoveLeaf(mm, source.Table, landing))
        {
            return false;
        }

        TPages.Moved(_hooks, from, to, source, source with { Address = landing });
        _counters.TablesMoved++;
        return true;
    }
}
