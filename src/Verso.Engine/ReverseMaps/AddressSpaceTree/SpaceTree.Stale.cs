namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// Pages that no VMA reaches, though a space holds them. Only the laboratory asks: the lists of VMAs, which walks go
// along, are not searched for each page.
internal sealed partial class SpaceTree
{
    /// <summary>What VMAs reach, by space and then by index; only the first <see cref="_reachCount"/>.</summary>
    private Reach[] _reaches = [];
    private int _reachCount;

    /// <summary>O((VMAs + entries) log VMAs), for each entry times the spaces below that see it.</summary>
    private (long Frames, long Slots) CountStale()
    {
        SortReaches();
        long frames = 0;
        long slots = 0;
        for (int space = 1; space < _spaces.UsedCount; space++)
        {
            for (int entry = _spaces[space].FirstEntry; entry != 0; entry = _entries[entry].Next)
            {
                SpaceEntry each = _entries[entry];
                if (!each.IsHole && IsStale(space, each.Index))
                {
                    frames += each.Page.Slot == 0 ? 1 : 0;
                    slots += each.Page.Slot == 0 ? 0 : 1;
                }
            }
        }

        return (frames, slots);
    }

    private bool IsStale(int space, ulong index)
    {
        long steps = 0;
        for (int at = space; at != 0; at = NextBelow(at, space, index, index, hides: true, ref steps))
        {
            if (IsReachedDirectly(at, index))
            {
                return false;
            }
        }

        return true;
    }

    private void SortReaches()
    {
        _reachCount = 0;
        foreach (Mm mm in _world.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                if (_reachCount == _reaches.Length)
                {
                    Array.Resize(ref _reaches, Math.Max(64, _reachCount * 2));
                }

                (ulong first, ulong end) = RangeOf(vma);
                _reaches[_reachCount++] = new Reach(SpaceOf(vma), first, end);
            }
        }

        Span<Reach> all = _reaches.AsSpan(0, _reachCount);
        all.Sort();
        for (int at = 1; at < all.Length; at++)
        {
            if (all[at].Space == all[at - 1].Space && all[at].End < all[at - 1].End)
            {
                all[at] = all[at] with { End = all[at - 1].End };
            }
        }
    }

    private bool IsReachedDirectly(int space, ulong index)
    {
        int after = ~_reaches.AsSpan(0, _reachCount).BinarySearch(new Reach(space, index, ulong.MaxValue));
        return after > 0 && _reaches[after - 1].Space == space && _reaches[after - 1].End > index;
    }

    /// <summary>Indexes of a space that a VMA reaches.</summary>
    /// <param name="Space">The space.</param>
    /// <param name="First">The first of them.</param>
    /// <param name="End">One past the last of it, and of all of the same space that begin before it.</param>
    private readonly record struct Reach(int Space, ulong First, ulong End) : IComparable<Reach>
    {
        public int CompareTo(Reach other)
        {
            int bySpace = Space.CompareTo(other.Space);
            int byFirst = bySpace != 0 ? bySpace : First.CompareTo(other.First);
            return byFirst != 0 ? byFirst : End.CompareTo(other.End);
        }
    }
}
