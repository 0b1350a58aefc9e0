namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// Merging what was written since fork with what was not: the limit of the edge between their spaces widens.
internal sealed partial class SpaceTree
{
    /// <summary>Merges of VMAs of two spaces, in all.</summary>
    public long LimitsWidened { get; private set; }

    /// <summary>
    /// [start, end) of a VMA becomes part of another. If one points to the parent of the other's space, the child sees
    /// the parent from now on over what was not written too, and the one VMA points to the child. No page is touched,
    /// but that a space which had lost its parent counts its pages when it gets one again.
    /// </summary>
    /// <remarks>
    /// <code>
    ///   parent space ── VMA [4, 8)                              parent space
    ///     └─ limit [0, 4) ── child space ── VMA [0, 4)            └─ limit [0, 8) ── child space ── VMA [0, 8)
    /// </code>
    /// </remarks>
    public void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
        (int into, int from) = (SpaceOf(target), SpaceOf(source));
        if (into == from)
        {
            return;
        }

        LimitsWidened++;
        ulong first = _world.Vmas[source].PgoffAt(start);
        ulong last = _world.Vmas[source].PgoffAt(end);
        if (IsBelow(target, source))
        {
            Widen(into, from, first, last);
            return;
        }

        // A VMA between the two is of the target's space, and goes with it.
        (ulong own, ulong ownEnd) = RangeOf(target);
        Widen(from, into, Math.Min(own, last), Math.Max(ownEnd, first));
        LinkFlags flags = LinkOf(source).Flags | (LinkOf(target).Flags & LinkFlags.Aliased);
        _ = Leave(target);
        Enter(target, from, flags, source);
        Settle(into);
    }

    /// <summary>
    /// Whether [first, end) of a source may become part of a target of another space: whichever was written since their
    /// spaces parted, the other comes to its space.
    /// </summary>
    private bool CanWiden(VmaId target, VmaId source, ulong first, ulong end)
    {
        (ulong own, ulong ownEnd) = RangeOf(target);
        return IsBelow(target, source)
            ? MayWiden(target, source, first, end)
            : IsBelow(source, target) && MayWiden(source, target, own, ownEnd);
    }

    /// <summary>
    /// Two neighbours of one space: a limit that reaches over both reaches over what is between them too, of a space
    /// that may have no limit yet.
    /// </summary>
    private bool MayReachOver(VmaId between, VmaId neighbour)
    {
        int middle = between.IsNone ? 0 : SpaceOf(between);
        bool hangs = middle != 0 && middle != SpaceOf(neighbour) && _spaces[middle].Parent == 0
            && !IsBelow(neighbour, between);
        return !hangs || Hides(RangeOf(between), middle);
    }

    /// <summary>
    /// The neighbours of a VMA are of two spaces, it of one of them: may the limit reach over all that is not written?
    /// </summary>
    private bool CanWiden(VmaId left, VmaId right, VmaId between)
    {
        bool isBetween = !between.IsNone && _world.Vmas[between].Start == _world.Vmas[left].End
            && _world.Vmas[between].End == _world.Vmas[right].Start;
        int middle = isBetween ? SpaceOf(between) : 0;
        bool isLeftWritten = IsBelow(left, right);
        bool isOfOne = middle == SpaceOf(left) || middle == SpaceOf(right);
        if (!isOfOne || !(isLeftWritten || IsBelow(right, left)))
        {
            return false;
        }

        (VmaId written, VmaId unwritten) = isLeftWritten ? (left, right) : (right, left);
        (ulong first, ulong end) = RangeOf(unwritten);
        if (middle == SpaceOf(unwritten))
        {
            (ulong own, ulong ownEnd) = RangeOf(between);
            (first, end) = (Math.Min(first, own), Math.Max(end, ownEnd));
        }

        return MayWiden(written, unwritten, first, end);
    }

    /// <summary>
    /// Whether what a VMA has at [first, end), and others of its space do beside it, may be seen through the space of
    /// another, written, which holds nothing there and has no user there.
    /// </summary>
    private bool MayWiden(VmaId written, VmaId unwritten, ulong first, ulong end)
    {
        int child = SpaceOf(written);
        return _switches.Widens
            && (LinkOf(unwritten).Flags & LinkFlags.Copies) != 0
            && Hides(GapTo(child, first, end), child)
            && !HoldsEntry(child, first, end)
            && !IsReached(child, first, end);
    }

    /// <summary>
    /// Whether the first VMA's space is, or may become, a child of the second's: it lost its parent as it hid all of
    /// it, which it needs again for what it does not hide.
    /// </summary>
    private bool IsBelow(VmaId lower, VmaId upper)
    {
        (int child, int parent) = (SpaceOf(lower), SpaceOf(upper));
        if (_spaces[child].Parent == parent || _spaces[parent].Parent == child)
        {
            return _spaces[child].Parent == parent;
        }

        bool isCut = _spaces[child].Parent == 0 && (_spaces[child].File | _spaces[parent].File) == 0
            && (LinkOf(upper).Flags & LinkFlags.Copies) != 0;
        int at = isCut ? parent : 0;
        while (at != 0 && at != child)
        {
            at = _spaces[at].Parent;
        }

        return isCut && at == 0;
    }

    private void Widen(int child, int parent, ulong first, ulong end)
    {
        ref AddressSpace at = ref _spaces[child];
        if (at.Parent == 0)
        {
            Hang(child, parent, first, end);
            return;
        }

        (ulong gap, ulong gapEnd) = GapTo(child, first, end);
        bool sees = at.First < at.End;
        at.First = sees ? Math.Min(at.First, first) : first;
        at.End = sees ? Math.Max(at.End, end) : end;
        at.CoveredCount += gapEnd - gap;
        _world.Locks.Take(LockOf(parent), LockMode.Write, 1);
    }

    /// <summary>What lies between the limit of a space and [first, end): comes inside the limit too.</summary>
    private (ulong First, ulong End) GapTo(int space, ulong first, ulong end)
    {
        ref AddressSpace at = ref _spaces[space];
        return at.First >= at.End ? (first, first)
            : first > at.End ? (at.End, first)
            : end < at.First ? (end, at.First)
            : (first, first);
    }

    /// <summary>
    /// Whether a space has something at every index of a gap. Asked of its bounds and its count: it may say no wrongly.
    /// </summary>
    private bool Hides((ulong First, ulong End) gap, int space)
    {
        ref AddressSpace at = ref _spaces[space];
        return gap.First == gap.End
            || (at.Above - at.Lowest == (ulong)at.EntryCount && at.Lowest <= gap.First && gap.End <= at.Above);
    }

    private bool HoldsEntry(int space, ulong first, ulong end)
    {
        EntryCursor cursor = Over(space, first, end);
        return Next(ref cursor) != 0;
    }

    private bool IsReached(int space, ulong first, ulong end)
    {
        ref AddressSpace at = ref _spaces[space];
        VmaId vma = at.VmaCount == 1 ? default : at.FirstVma;
        while (!vma.IsNone && Reaches(vma, first, end) == Coverage.None)
        {
            vma = _links.Rows[vma.Value].Next;
        }

        int child = at.FirstChild;
        while (child != 0 && CoverageOf(_spaces[child].First, _spaces[child].End, first, end) == Coverage.None)
        {
            child = _spaces[child].NextSibling;
        }

        return !vma.IsNone || child != 0;
    }
}
