using Verso.Engine.Frames;

using PageTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByPage>;

namespace Verso.Engine.ReverseMaps.Reflink;

// Pages of extents: found, put, let go of.
internal sealed partial class Extents
{
    /// <summary>What an address space has at a page: nothing, a frame, or a swap slot.</summary>
    public FoundPage Find(MmId mm, ulong at)
    {
        int reference = At(mm, at);
        return reference == 0 || IsFile(reference) ? default : SlotOf(reference, at);
    }

    /// <summary>
    /// A new page of an address space, in place of what it has there. It becomes part of a neighbour's extent where
    /// that is the mapping's own. After <see cref="ReserveForPage"/>.
    /// </summary>
    /// <param name="vma">The VMA: an extent grows within one only.</param>
    /// <param name="at">The page.</param>
    /// <param name="frame">The page's frame.</param>
    public void Put(VmaId vma, ulong at, Pfn frame)
    {
        MmId mm = _world.Vmas[vma].Mm;
        (ulong First, ulong End) bounds = BoundsOf(vma);
        int reference = At(mm, at);
        if (reference != 0 && !IsFile(reference)
            && Covering(_references[reference].Extent, _references[reference].PageOf(at)) == 1)
        {
            LetGo(_references[reference].Extent, _references[reference].PageOf(at));
            Fill(reference, at, frame);
            return;
        }

        if (reference != 0)
        {
            Cut(vma, at, at + 1);
        }

        reference = Grown(mm, at, bounds);
        if (reference == 0)
        {
            int extent = BeginExtent(at);
            AddReference(vma, at, extent, at, 1);
            reference = At(mm, at);
        }
        else
        {
            Coalesced++;
        }

        Fill(reference, at, frame);
        _world.Locks.Take(LockOf(_references[reference].Extent), LockMode.Write, 1);
        if (at + 1 < bounds.End)
        {
            JoinAt(vma, at + 1);
        }
    }

    /// <summary>A page that comes back from swap, or is there, is in this frame.</summary>
    public void Refill(MmId mm, ulong at, Pfn frame) => Fill(At(mm, at), at, frame);

    /// <summary>The page is in a swap slot from now on; its frame is given up.</summary>
    public void MoveToSwap(Pfn frame, int swap) => _pages.MoveToSwap(ref SlotOf(frame), swap);

    /// <summary>Another frame takes the place of a page's.</summary>
    public void Replace(Pfn old, Pfn fresh) => SlotOf(old) = new FoundPage(fresh);

    /// <summary>Whether one reference alone leads to this page.</summary>
    public bool IsSole(Pfn frame)
    {
        ref Frame page = ref _world.Frames[frame];
        return Covering(page.Mapping, page.Index) == 1;
    }

    /// <summary>
    /// Everybody loses the pages [first, end) of this address space: the file behind them was truncated. What else
    /// refers to them maps the same file at the same offset.
    /// </summary>
    public void Empty(MmId mm, ulong first, ulong end)
    {
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ulong stop = Math.Min(_references[reference].ByAddress.Last + 1, end);
            if (IsFile(reference))
            {
                first = stop;
                continue;
            }

            for (first = Math.Max(_references[reference].ByAddress.First, first); first < stop; first++)
            {
                LetGo(_references[reference].Extent, _references[reference].PageOf(first));
            }
        }
    }

    /// <summary>What a walk has yet to look at: as a local it would be cleared for each (8 ns).</summary>
    private readonly int[] _stack = new int[PageTree.MaxDepth];

    /// <summary>
    /// Offers every address that may map a page, of a file or not: the references that cover it, and no others.
    /// </summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int extent = _world.Frames[walk.Frame].IsAnonymous ? walk.Key : OfFile(walk.Key);
        if (extent == 0)
        {
            return;
        }

        _world.Locks.Take(LockId.Rcu, LockMode.Read, 1);
        _world.Locks.Begin(LockOf(extent), LockMode.Read);
        ulong from = walk.First;
        ulong to = walk.Last;
        Span<int> stack = _stack;
        int depth = 0;
        long visited = 0;
        stack[depth++] = _extents[extent].References;
        for (int at = PageTree.Next(_references.Slots, stack, ref depth, from, to);
             at != 0;
             at = PageTree.Next(_references.Slots, stack, ref depth, from, to))
        {
            ref ExtentReference reference = ref _references[at];
            visited++;
            ulong first = Math.Max(from, reference.ByPage.First);
            ulong last = Math.Min(to, reference.ByPage.Last);
            ulong address = (first - reference.ByPage.First + reference.ByAddress.First) << Page.Shift;
            WalkCandidate candidate = new(reference.Mm, address, first, (int)(last - first) + 1);
            if (visitor.Visit(candidate) == WalkStep.Stop)
            {
                break;
            }
        }

        _world.Locks.End(LockOf(extent), LockMode.Read, visited);
    }

    private ref FoundPage SlotOf(int reference, ulong at)
    {
        ref ExtentReference node = ref _references[reference];
        return ref SlotAt(node.Extent, node.PageOf(at));
    }

    private ref FoundPage SlotOf(Pfn frame)
    {
        ref Frame page = ref _world.Frames[frame];
        ref FoundPage slot = ref SlotAt(page.Mapping, page.Index);
        Invariant.Require(slot.Frame == frame);
        return ref slot;
    }

    private ref FoundPage SlotAt(int extent, ulong page)
    {
        ref Extent node = ref _extents[extent];
        Invariant.Require(page - node.First < (ulong)node.Length);
        return ref _slots[node.Slots + (int)(page - node.First)];
    }

    private void Fill(int reference, ulong at, Pfn frame)
    {
        ref ExtentReference node = ref _references[reference];
        if (_hasSlots)
        {
            _pages.Hold(ref SlotOf(reference, at), frame, node.Extent, node.PageOf(at));
            return;
        }

        ref Frame page = ref _world.Frames[frame];
        page.Mapping = node.Extent;
        page.Index = node.PageOf(at);
    }

    private void LetGo(int extent, ulong page)
    {
        if (_hasSlots)
        {
            _pages.LetGo(ref SlotAt(extent, page));
        }
    }

    /// <summary>
    /// The reference of the page before or after, grown by this page, or 0: its extent must be nobody else's, end
    /// there, and lie in the same VMA.
    /// </summary>
    private int Grown(MmId mm, ulong at, (ulong First, ulong End) bounds)
    {
        int before = at > bounds.First ? At(mm, at - 1) : 0;
        if (before != 0 && IsOwn(before, _references[before].ByPage.Last + 1 == ExtentOf(before).End)
            && TryGrow(_references[before].Extent, atEnd: true))
        {
            ulong pages = _references[before].ByAddress.Last - _references[before].ByAddress.First + 2;
            Unlink(before);
            Link(before, pages);
            return before;
        }

        int after = at + 1 < bounds.End ? At(mm, at + 1) : 0;
        if (after != 0 && IsOwn(after, _references[after].ByPage.First == ExtentOf(after).First)
            && TryGrow(_references[after].Extent, atEnd: false))
        {
            ulong pages = _references[after].ByAddress.Last - _references[after].ByAddress.First + 2;
            Unlink(after);
            _references[after].ByAddress.First--;
            _references[after].ByPage.First--;
            Link(after, pages);
            return after;
        }

        return 0;
    }

    /// <summary>Whether its extent is nobody else's, and may get longer there.</summary>
    private bool IsOwn(int reference, bool endsThere)
    {
        ref Extent extent = ref ExtentOf(reference);
        return endsThere && extent.ReferenceCount == 1 && !extent.IsShared && extent.Inode == 0;
    }

    /// <summary>Whether what it leads to is a file.</summary>
    private bool IsFile(int reference) => ExtentOf(reference).Inode != 0;

    private ref Extent ExtentOf(int reference) => ref _extents[_references[reference].Extent];
}
