using System.Runtime.CompilerServices;
using Verso.Engine.Frames;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// Pages and holes of a space, and looking them up.
internal sealed partial class SpaceTree
{
    /// <summary>
    /// What a VMA sees at an index of its space: the nearest page up the tree, in memory or in swap, or none. Counted.
    /// </summary>
    public FoundPage LookUp(VmaId vma, ulong index)
    {
        LookUps++;
        int found = Seek(SpaceOf(vma), index, out int steps);
        NoteClimb(steps);
        return found == 0 ? default : _entries[found].Page;
    }

    /// <summary>A new page of a VMA's own space, in place of a hole if there is one.</summary>
    public void Instantiate(Pfn frame, VmaId vma, ulong index)
    {
        int space = SpaceOf(vma);
        int hole = _entries.Find(space, index);
        if (hole != 0)
        {
            Invariant.Require(_entries[hole].IsHole);
            RemoveEntry(hole);
        }

        Fill(AddEntry(space, index), frame);
        Settle(CutIfCovered(space));
    }

    /// <summary>A page is in a swap slot from now on, and holds one reference to it.</summary>
    public void SwapOut(Pfn frame, int slot)
    {
        ref Frame page = ref _world.Frames[frame];
        int entry = _entries.Find(page.Mapping, page.Index);
        Invariant.Require(entry != 0 && _entries[entry].Page.Frame == frame);
        _pages.MoveToSwap(ref _entries[entry].Page, slot);
    }

    /// <summary>The page that a VMA sees in swap is in a frame again, in whichever space it was.</summary>
    public void SwapIn(VmaId vma, ulong index, Pfn frame)
    {
        int entry = Seek(SpaceOf(vma), index);
        Invariant.Require(entry != 0 && _entries[entry].Page.Slot != 0);
        Fill(entry, frame);
    }

    /// <summary>Another frame takes the place of a page's.</summary>
    public void Replace(Pfn old, Pfn fresh)
    {
        ref Frame page = ref _world.Frames[fresh];
        int entry = _entries.Find(page.Mapping, page.Index);
        Invariant.Require(entry != 0 && _entries[entry].Page.Frame == old);
        _entries[entry].Page = new FoundPage(fresh);
    }

    private void Fill(int entry, Pfn frame)
    {
        ref SpaceEntry at = ref _entries[entry];
        _pages.Hold(ref at.Page, frame, at.Space, at.Index);
    }

    /// <summary>
    /// Up the tree to the nearest page; 0 if a hole or the root comes first. Iterative: a chain may be 10,000 deep.
    /// </summary>
    private int Seek(int space, ulong index, out int steps)
    {
        steps = 0;
        while (space != 0)
        {
            ref AddressSpace at = ref _spaces[space];
            steps++;
            int entry = EntryAt(space, index);
            if (entry != 0)
            {
                return _entries[entry].IsHole ? 0 : entry;
            }

            space = at.IsWithinLimit(index) ? at.Parent : 0;
        }

        return 0;
    }

    private int Seek(int space, ulong index) => Seek(space, index, out _);

    /// <summary>The entry of this space; 0 if it has none. The hint may save the search.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int EntryAt(int space, ulong index)
    {
        ref AddressSpace at = ref _spaces[space];
        if (at.EntryCount == 0)
        {
            return 0;
        }

        if (_switches.Hints && ((at.Summary >> (int)(index & 63)) & 1) == 0)
        {
            SearchesSpared++;
            return 0;
        }

        Searches++;
        return _entries.Find(space, index);
    }

    private int AddEntry(int space, ulong index)
    {
        int entry = _entries.Add(space, index);
        Enlist(entry, space);
        return entry;
    }

    private void Enlist(int entry, int space)
    {
        ref SpaceEntry fresh = ref _entries[entry];
        ref AddressSpace at = ref _spaces[space];
        fresh.Previous = 0;
        fresh.Next = at.FirstEntry;
        if (at.FirstEntry != 0)
        {
            _entries[at.FirstEntry].Previous = entry;
        }

        at.FirstEntry = entry;
        bool isFirst = at.EntryCount++ == 0;
        at.Lowest = isFirst ? fresh.Index : Math.Min(at.Lowest, fresh.Index);
        at.Above = isFirst ? fresh.Index + 1 : Math.Max(at.Above, fresh.Index + 1);
        at.Summary = (isFirst ? 0 : at.Summary) | (1UL << (int)(fresh.Index & 63));
        at.CoveredCount += at.IsWithinLimit(fresh.Index) ? 1UL : 0;
    }

    private void Delist(int entry)
    {
        ref SpaceEntry old = ref _entries[entry];
        ref AddressSpace at = ref _spaces[old.Space];
        if (old.Previous != 0)
        {
            _entries[old.Previous].Next = old.Next;
        }
        else
        {
            at.FirstEntry = old.Next;
        }

        if (old.Next != 0)
        {
            _entries[old.Next].Previous = old.Previous;
        }

        at.EntryCount--;
        at.CoveredCount -= at.IsWithinLimit(old.Index) ? 1UL : 0;
    }

    /// <summary>An entry goes, and its page with it if no page table maps it.</summary>
    private void RemoveEntry(int entry)
    {
        Delist(entry);
        FoundPage page = _entries[entry].Page;
        _entries.Remove(entry);
        _pages.LetGo(ref page);
    }

    private void MoveEntry(int entry, int space)
    {
        Delist(entry);
        _entries.Move(entry, space);
        Enlist(entry, space);
        Pfn frame = _entries[entry].Page.Frame;
        if (!frame.IsNone)
        {
            _world.Frames[frame].Mapping = space;
        }
    }

    /// <summary>Removes every entry of a space in [first, end).</summary>
    private void RemoveRange(int space, ulong first, ulong end)
    {
        EntryCursor cursor = Over(space, first, end);
        for (int entry = Next(ref cursor); entry != 0; entry = Next(ref cursor))
        {
            RemoveEntry(entry);
        }
    }

    private void Recount(int space)
    {
        ref AddressSpace at = ref _spaces[space];
        at.CoveredCount = 0;
        for (int entry = at.FirstEntry; entry != 0; entry = _entries[entry].Next)
        {
            at.CoveredCount += at.IsWithinLimit(_entries[entry].Index) ? 1UL : 0;
        }
    }

    /// <summary>Index by index or along the list, whichever is shorter. The entry last given may be removed.</summary>
    private EntryCursor Over(int space, ulong first, ulong end)
    {
        ref AddressSpace at = ref _spaces[space];
        if (at.EntryCount == 0)
        {
            return default;
        }

        first = Math.Max(first, at.Lowest);
        end = Math.Min(end, at.Above);
        bool byIndex = first < end && end - first <= (ulong)at.EntryCount;
        return new EntryCursor
        {
            Space = space,
            First = first,
            End = end,
            Index = byIndex ? first : end,
            Node = byIndex || first >= end ? 0 : at.FirstEntry,
        };
    }

    private int Next(ref EntryCursor cursor)
    {
        while (cursor.Index < cursor.End)
        {
            int entry = _entries.Find(cursor.Space, cursor.Index++);
            if (entry != 0)
            {
                return entry;
            }
        }

        while (cursor.Node != 0)
        {
            int entry = cursor.Node;
            cursor.Node = _entries[entry].Next;
            if (_entries[entry].Index >= cursor.First && _entries[entry].Index < cursor.End)
            {
                return entry;
            }
        }

        return 0;
    }

    private struct EntryCursor
    {
        public int Space;
        public int Node;
        public ulong First;
        public ulong End;
        public ulong Index;
    }
}
