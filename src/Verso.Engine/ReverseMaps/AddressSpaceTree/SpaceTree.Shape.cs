namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// Edges: hanging spaces up, cutting them off, merging them, freeing them.
internal sealed partial class SpaceTree
{
    /// <summary>A space becomes a child of another, which it sees within a limit.</summary>
    private void Hang(int space, int parent, ulong first, ulong end)
    {
        ref AddressSpace child = ref _spaces[space];
        Invariant.Require(child.Parent == 0 && parent != space);
        child.Parent = parent;
        child.First = first;
        child.End = end;
        ref AddressSpace above = ref _spaces[parent];
        child.NextSibling = above.FirstChild;
        child.PreviousSibling = 0;
        if (above.FirstChild != 0)
        {
            _spaces[above.FirstChild].PreviousSibling = space;
        }

        above.FirstChild = space;
        above.ChildCount++;
        _world.Locks.Take(LockOf(parent), LockMode.Write, 1);
        Recount(space);
    }

    /// <summary>A space loses its parent, which is returned. It has no limit any more.</summary>
    private int TakeDown(int space)
    {
        ref AddressSpace child = ref _spaces[space];
        int parent = child.Parent;
        Invariant.Require(parent != 0);
        ref AddressSpace above = ref _spaces[parent];
        if (child.PreviousSibling != 0)
        {
            _spaces[child.PreviousSibling].NextSibling = child.NextSibling;
        }
        else
        {
            above.FirstChild = child.NextSibling;
        }

        if (child.NextSibling != 0)
        {
            _spaces[child.NextSibling].PreviousSibling = child.PreviousSibling;
        }

        above.ChildCount--;
        (child.Parent, child.NextSibling, child.PreviousSibling) = (0, 0, 0);
        (child.First, child.End, child.CoveredCount) = (0, 0, 0);
        _world.Locks.Take(LockOf(parent), LockMode.Write, 1);
        return parent;
    }

    /// <summary>
    /// A space that may have lost a reference: it goes if it was the last, is absorbed if a child is the only one, and
    /// is trimmed if a VMA is. One step up at a time; what happens to it may take a reference from its parent.
    /// </summary>
    private void Settle(int space)
    {
        while (space != 0)
        {
            ref AddressSpace at = ref _spaces[space];
            if (at.VmaCount == 0 && at.ChildCount == 0)
            {
                space = FreeSpace(space);
            }
            else if (at.VmaCount == 0 && at.ChildCount == 1 && _switches.Merges && !at.IsFile)
            {
                int child = at.FirstChild;
                int above = Absorb(child);
                space = above != 0 ? above : CutIfCovered(child);
            }
            else
            {
                space = at.VmaCount == 1 && at.ChildCount == 0 ? Trim(space) : 0;
            }
        }
    }

    /// <summary>Frees a space that nothing refers to; returns the parent that it had.</summary>
    private int FreeSpace(int space)
    {
        RemoveRange(space, 0, ulong.MaxValue);
        int file = _spaces[space].File;
        bool isFile = _spaces[space].IsFile;
        int parent = isFile || _spaces[space].Parent == 0 ? 0 : TakeDown(space);
        if (isFile)
        {
            _fileSpaces[file] = 0;
        }

        ReleaseSlot(space, isFile);
        return parent;
    }

    private void ReleaseSlot(int space, bool isFile)
    {
        Invariant.Require(_spaces[space].EntryCount == 0);
        _world.Locks.Gone(LockOf(space));
        if (isFile)
        {
            _spaces.Forget(space);
        }
        else
        {
            _spaces.Free(space);
        }
    }

    /// <summary>
    /// A child that is its parent's only reference takes over what it can see of it, and its place. O(pages of both).
    /// Returns the parent above, if it sees nothing of that and so does not take the place; else 0.
    /// </summary>
    private int Absorb(int space)
    {
        (ulong first, ulong end) = (_spaces[space].First, _spaces[space].End);
        int parent = TakeDown(space);
        int next = _spaces[parent].FirstEntry;
        while (next != 0)
        {
            int entry = next;
            next = _entries[entry].Next;
            ulong index = _entries[entry].Index;
            if (index >= first && index < end && _entries.Find(space, index) == 0)
            {
                MoveEntry(entry, space);
            }
            else
            {
                RemoveEntry(entry);
            }
        }

        (ulong limitFirst, ulong limitEnd) = (_spaces[parent].First, _spaces[parent].End);
        (ulong low, ulong high) = (Math.Max(first, limitFirst), Math.Min(end, limitEnd));
        int above = _spaces[parent].Parent == 0 ? 0 : TakeDown(parent);
        int place = low < high ? above : _fileSpaces[_spaces[space].File];
        if (place != 0)
        {
            Hang(space, place, low, Math.Max(low, high));
        }

        NoteShowsThrough(space, low != first || high != end);
        ReleaseSlot(parent, isFile: false);
        DropNeedlessHoles(space);
        SpacesMerged++;
        return place == above ? 0 : above;
    }

    /// <summary>
    /// All pages of the private mapping have been modified: it needs its parent no longer. Returns the parent that
    /// lost a child, or 0.
    /// </summary>
    private int CutIfCovered(int space)
    {
        ref AddressSpace at = ref _spaces[space];
        bool covered = _switches.Cuts && at.Parent != 0 && at.CoveredCount == at.End - at.First;
        if (!covered || _spaces[at.Parent].IsFile)
        {
            return 0;
        }

        SpacesCut++;
        return Sever(space);
    }

    /// <summary>
    /// A space sees nothing of its parents any more but the file at the root, which a discard may bring back. Returns
    /// the parent that it had, or 0 if it keeps it.
    /// </summary>
    private int Sever(int space)
    {
        (ulong first, ulong end) = (_spaces[space].First, _spaces[space].End);
        int parent = _spaces[space].Parent;
        int file = _spaces[space].File;
        if (_spaces[parent].IsFile)
        {
            return 0;
        }

        _ = TakeDown(space);
        if (file != 0)
        {
            Hang(space, _fileSpaces[file], first, end);
        }

        DropNeedlessHoles(space);
        return parent;
    }

    /// <summary>
    /// One VMA is all that refers to a space: pages it does not reach go, and the limit shrinks to what it reaches.
    /// Returns the parent that lost a child, or 0.
    /// </summary>
    private int Trim(int space)
    {
        (ulong first, ulong end) = RangeOf(_spaces[space].FirstVma);
        if (_spaces[space].EntryCount != 0)
        {
            RemoveRange(space, 0, first);
            RemoveRange(space, end, ulong.MaxValue);
        }

        ref AddressSpace at = ref _spaces[space];
        if (at.Parent == 0 || (at.First >= first && at.End <= end))
        {
            return 0;
        }

        return Limit(space, Math.Max(at.First, first), Math.Min(at.End, end));
    }

    /// <summary>Narrows the limit. Returns the parent that lost a child, or 0.</summary>
    private int Limit(int space, ulong first, ulong end)
    {
        if (first >= end)
        {
            (_spaces[space].First, _spaces[space].End) = (first, first);
            return Sever(space);
        }

        (_spaces[space].First, _spaces[space].End) = (first, end);
        Recount(space);
        return CutIfCovered(space);
    }

    /// <summary>A hole hides what a parent holds; a root has none, and a file is never hidden.</summary>
    private void DropNeedlessHoles(int space)
    {
        int parent = _spaces[space].Parent;
        if (parent != 0 && !_spaces[parent].IsFile)
        {
            return;
        }

        int next = _spaces[space].FirstEntry;
        while (next != 0)
        {
            int entry = next;
            next = _entries[entry].Next;
            if (_entries[entry].IsHole)
            {
                RemoveEntry(entry);
            }
        }
    }

    private void NoteShowsThrough(int space, bool shows)
    {
        int file = _spaces[space].File;
        if (shows && file != 0)
        {
            _spaces[_fileSpaces[file]].ShowsThrough = true;
        }
    }

    /// <summary>A private file mapping that reaches beyond its space's limit sees the file there.</summary>
    private void NoteBeyondLimit(VmaId vma)
    {
        (ulong first, ulong end) = RangeOf(vma);
        ref AddressSpace at = ref _spaces[SpaceOf(vma)];
        if (at.File != 0 && !at.IsFile)
        {
            NoteShowsThrough(SpaceOf(vma), first < at.First || end > at.End);
        }
    }
}
