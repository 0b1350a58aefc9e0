using Origins = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Anonmm.MovedRange, Verso.Engine.ReverseMaps.Anonmm.ByOrigin>;
using Places = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Anonmm.MovedRange, Verso.Engine.ReverseMaps.Anonmm.ByPlace>;

namespace Verso.Engine.ReverseMaps.Anonmm;

// Changes of the table.
internal sealed partial class MovedRanges
{
    private enum Cutting
    {
        Exact = 0,

        /// <summary>A hole in the middle of a range is left to it.</summary>
        WithoutAllocation = 1,
    }

    /// <summary>
    /// Gives pages that have no displacement one; a range beside them with the same takes them in. 0 needs none. False
    /// if an allocation fails.
    /// </summary>
    private bool Put(int anonmm, ulong first, ulong last, long displacement)
    {
        int there = displacement == 0 ? 0 : At(anonmm, first);
        if (displacement == 0 || there != 0)
        {
            Invariant.Require(there == 0 || _ranges[there].Displacement == displacement);
            return true;
        }

        int before = At(anonmm, first - 1);
        if (before != 0 && _ranges[before].Displacement == displacement)
        {
            Resize(anonmm, before, _ranges[before].Place.First, last);
            return true;
        }

        int after = At(anonmm, last + 1);
        if (after != 0 && _ranges[after].Displacement == displacement)
        {
            Resize(anonmm, after, first, _ranges[after].Place.Last);
            return true;
        }

        return TryAdd(anonmm, first, last, displacement);
    }

    /// <summary>Takes [first, last] out of the table. False if a range must be divided and that fails.</summary>
    private bool Cut(int anonmm, ulong first, ulong last, Cutting cutting)
    {
        ulong from = first;
        while (from <= last)
        {
            int range = Places.Lowest(_ranges.Slots, lists[anonmm].RangesByPlace, from, last);
            if (range == 0)
            {
                return true;
            }

            ulong low = _ranges[range].Place.First;
            ulong high = _ranges[range].Place.Last;
            from = high + 1;
            if (low >= first && high <= last)
            {
                Remove(anonmm, range);
            }
            else if (low >= first)
            {
                Resize(anonmm, range, last + 1, high);
            }
            else if (high <= last)
            {
                Resize(anonmm, range, low, first - 1);
            }
            else if (cutting == Cutting.Exact)
            {
                long displacement = _ranges[range].Displacement;
                if (!TryAllocate(out int rest))
                {
                    return false;
                }

                Resize(anonmm, range, low, first - 1);
                Insert(anonmm, rest, last + 1, high, displacement);
            }
        }

        return true;
    }

    private bool TryAdd(int anonmm, ulong first, ulong last, long displacement)
    {
        if (!TryAllocate(out int range))
        {
            return false;
        }

        Insert(anonmm, range, first, last, displacement);
        return true;
    }

    private void Resize(int anonmm, int range, ulong first, ulong last)
    {
        long displacement = _ranges[range].Displacement;
        TakeOut(anonmm, range);
        Insert(anonmm, range, first, last, displacement);
    }

    private void Insert(int anonmm, int range, ulong first, ulong last, long displacement)
    {
        ref MovedRange node = ref _ranges[range];
        node.Place.First = first;
        node.Place.Last = last;
        node.Origin.First = first - (ulong)displacement;
        node.Origin.Last = last - (ulong)displacement;
        ref Anonmm owner = ref lists[anonmm];
        owner.RangesByPlace = Places.Insert(_ranges.Slots, owner.RangesByPlace, range);
        owner.RangesByOrigin = Origins.Insert(_ranges.Slots, owner.RangesByOrigin, range);
        world.Locks.Take(lists.LockOf(anonmm), LockMode.Write, 1);
    }

    private void TakeOut(int anonmm, int range)
    {
        ref Anonmm owner = ref lists[anonmm];
        owner.RangesByPlace = Places.Remove(_ranges.Slots, owner.RangesByPlace, range);
        owner.RangesByOrigin = Origins.Remove(_ranges.Slots, owner.RangesByOrigin, range);
    }

    private void Remove(int anonmm, int range)
    {
        TakeOut(anonmm, range);
        _ranges.Free(range);
    }

    private bool TryAllocate(out int range)
    {
        range = _ranges.Allocate();
        return range != 0;
    }
}
