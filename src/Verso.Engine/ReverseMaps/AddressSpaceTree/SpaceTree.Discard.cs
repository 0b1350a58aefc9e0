namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// Pages that go: discards, truncation, and what a VMA leaves behind when it is unmapped.
internal sealed partial class SpaceTree
{
    private enum Coverage
    {
        None = 0,
        Part = 1,
        Whole = 2,
    }

    /// <summary>
    /// A VMA sees nothing at indexes [first, end) any more. What its parents hold there is hidden: by a narrower limit
    /// where the range is at the end of it, else by holes. ENOMEM; then it sees all it saw.
    /// </summary>
    public Errno Discard(VmaId vma, ulong first, ulong end)
    {
        int space = SpaceOf(vma);
        if (_spaces[space].IsFile || !ShowsPage(space, first, end))
        {
            return Errno.None;
        }

        if (!Owns(vma))
        {
            (ulong low, ulong high) = Outside(RangeOf(vma), first, end);
            if (Divide(vma, low, high) != Errno.None)
            {
                return Errno.ENOMEM;
            }
        }

        return Hide(SpaceOf(vma), first, end);
    }

    /// <summary>
    /// The file lost pages [first, end): private copies that this VMA sees there go too. Every mapping of the file is
    /// told, so nobody keeps what is taken from a parent here.
    /// </summary>
    public void Truncate(VmaId vma, ulong first, ulong end)
    {
        for (int space = SpaceOf(vma); !_spaces[space].IsFile; space = _spaces[space].Parent)
        {
            RemoveRange(space, first, end);
            first = Math.Max(first, _spaces[space].First);
            end = Math.Min(end, _spaces[space].End);
            if (first >= end)
            {
                return;
            }
        }
    }

    /// <summary>
    /// A VMA lets go of its space. After <see cref="DropReason.MovedAway"/> it has another already
    /// (<see cref="Detach"/>).
    /// </summary>
    public void Drop(VmaId vma, DropReason reason)
    {
        if (SpaceOf(vma) == 0 || reason == DropReason.MovedAway)
        {
            return;
        }

        VmaLink link = LinkOf(vma);
        (ulong first, ulong end) = RangeOf(vma);
        int space = Leave(vma);
        if (reason == DropReason.Joined)
        {
            // Bounds of the VMA that takes over have not grown yet: nothing is trimmed to them.
            if (_spaces[space].VmaCount == 0)
            {
                Invariant.Require(_spaces[space].ChildCount > 0);
                Settle(space);
            }

            return;
        }

        if (_spaces[space].EntryCount != 0 && (_spaces[space].VmaCount | _spaces[space].ChildCount) != 0)
        {
            Release(space, link, first, end);
        }

        Settle(space);
    }

    /// <summary>What of [first, end) is outside a range, if that is in one piece; else the whole range.</summary>
    private static (ulong First, ulong End) Outside((ulong First, ulong End) whole, ulong first, ulong end) =>
        first <= whole.First ? (Math.Min(end, whole.End), whole.End)
        : end >= whole.End ? (whole.First, first)
        : whole;

    /// <summary>Whether a page can be seen from a space anywhere in [first, end).</summary>
    private bool ShowsPage(int space, ulong first, ulong end)
    {
        for (int at = space; at != 0 && first < end; at = _spaces[at].Parent)
        {
            EntryCursor cursor = Over(at, first, end);
            for (int entry = Next(ref cursor); entry != 0; entry = Next(ref cursor))
            {
                if (!_entries[entry].IsHole && (at == space || Seek(space, _entries[entry].Index) == entry))
                {
                    return true;
                }
            }

            first = Math.Max(first, _spaces[at].First);
            end = Math.Min(end, _spaces[at].End);
        }

        return false;
    }

    /// <summary>Nothing shows at [first, end) of a space whose only user there may write into it. ENOMEM.</summary>
    private Errno Hide(int space, ulong first, ulong end)
    {
        ref AddressSpace at = ref _spaces[space];
        (ulong low, ulong high) = (Math.Max(first, at.First), Math.Min(end, at.End));
        if (at.Parent == 0 || low >= high || _spaces[at.Parent].IsFile)
        {
            RemoveRange(space, first, end);
            return Errno.None;
        }

        NoteShowsThrough(space, true);
        if (low == at.First || high == at.End)
        {
            RemoveRange(space, first, end);
            Settle(low == at.First ? Limit(space, high, at.End) : Limit(space, at.First, low));
            return Errno.None;
        }

        return MakeHoles(space, low, high, first, end);
    }

    /// <summary>
    /// Holes at those indexes of [low, high) where a parent's page shows or would show; own pages of [first, end) go.
    /// All that is needed is allocated before anything goes.
    /// </summary>
    private Errno MakeHoles(int space, ulong low, ulong high, ulong first, ulong end)
    {
        int made = 0;
        int parent = _spaces[space].Parent;
        (ulong from, ulong to) = (low, high);
        long replaced = 0;
        bool enough = true;
        for (int at = parent; at != 0 && from < to && enough; at = _spaces[at].Parent)
        {
            EntryCursor cursor = Over(at, from, to);
            for (int entry = Next(ref cursor); entry != 0 && enough; entry = Next(ref cursor))
            {
                ulong index = _entries[entry].Index;
                int own = _entries.Find(space, index);
                bool needed = !_entries[entry].IsHole && (own == 0 || !_entries[own].IsHole)
                    && Seek(parent, index) == entry;
                if (!needed)
                {
                    continue;
                }

                enough = _world.Ledger.TryAllocate(_holeType);
                if (enough && own == 0)
                {
                    _ = AddEntry(space, index);
                    made++;
                }

                replaced += enough && own != 0 ? 1 : 0;
            }

            (from, to) = (Math.Max(from, _spaces[at].First), Math.Min(to, _spaces[at].End));
        }

        if (!enough)
        {
            _world.Ledger.Release(_holeType, replaced);
            for (; made > 0; made--)
            {
                RemoveEntry(_spaces[space].FirstEntry);
            }

            return Errno.ENOMEM;
        }

        ReplaceByHoles(space, low, high, first, end);
        Settle(CutIfCovered(space));
        return Errno.None;
    }

    /// <summary>Own pages become holes where a parent's page would show; the others just go.</summary>
    private void ReplaceByHoles(int space, ulong low, ulong high, ulong first, ulong end)
    {
        EntryCursor cursor = Over(space, first, end);
        for (int entry = Next(ref cursor); entry != 0; entry = Next(ref cursor))
        {
            SpaceEntry old = _entries[entry];
            if (old.IsHole)
            {
                continue;
            }

            if (old.Index >= low && old.Index < high && Seek(_spaces[space].Parent, old.Index) != 0)
            {
                _pages.LetGo(ref _entries[entry].Page);
            }
            else
            {
                RemoveEntry(entry);
            }
        }
    }

    /// <summary>
    /// A VMA has left: pages of its range go unless another VMA or child reaches them. O(users of the space) for a VMA
    /// that shared its pages, and none for one that did not.
    /// </summary>
    private void Release(int space, in VmaLink left, ulong first, ulong end)
    {
        bool shared = (left.Flags & (LinkFlags.Copies | LinkFlags.Aliased)) != 0;
        Coverage rest = shared ? CoverageOf(space, left, first, end) : Coverage.None;
        if (rest == Coverage.Whole)
        {
            return;
        }

        EntryCursor cursor = Over(space, first, end);
        for (int entry = Next(ref cursor); entry != 0; entry = Next(ref cursor))
        {
            ulong index = _entries[entry].Index;
            if (rest == Coverage.None || CoverageOf(space, default, index, index + 1) == Coverage.None)
            {
                RemoveEntry(entry);
            }
        }
    }

    /// <summary>
    /// How much of [first, end) others reach; Part may be more. A child of fork is its parent's neighbour in the list,
    /// so neighbours are asked first.
    /// </summary>
    private Coverage CoverageOf(int space, in VmaLink left, ulong first, ulong end)
    {
        if (Reaches(left.Next, first, end) == Coverage.Whole || Reaches(left.Previous, first, end) == Coverage.Whole)
        {
            return Coverage.Whole;
        }

        Coverage most = Coverage.None;
        for (VmaId vma = _spaces[space].FirstVma; !vma.IsNone && most < Coverage.Whole; vma = _links[vma].Next)
        {
            most = (Coverage)Math.Max((int)most, (int)Reaches(vma, first, end));
        }

        int child = _spaces[space].FirstChild;
        for (; child != 0 && most < Coverage.Whole; child = _spaces[child].NextSibling)
        {
            Coverage reach = CoverageOf(_spaces[child].First, _spaces[child].End, first, end);
            most = (Coverage)Math.Max((int)most, (int)reach);
        }

        return most;
    }

    private Coverage Reaches(VmaId vma, ulong first, ulong end)
    {
        if (vma.IsNone)
        {
            return Coverage.None;
        }

        (ulong vmaFirst, ulong vmaEnd) = RangeOf(vma);
        return CoverageOf(vmaFirst, vmaEnd, first, end);
    }

    private static Coverage CoverageOf(ulong rangeFirst, ulong rangeEnd, ulong first, ulong end) =>
        rangeFirst <= first && end <= rangeEnd ? Coverage.Whole
        : rangeFirst < end && first < rangeEnd ? Coverage.Part
        : Coverage.None;
}
