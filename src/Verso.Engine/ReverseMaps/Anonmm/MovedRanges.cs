using Verso.Engine.Vmas;
using Origins = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Anonmm.MovedRange, Verso.Engine.ReverseMaps.Anonmm.ByOrigin>;
using Places = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Anonmm.MovedRange, Verso.Engine.ReverseMaps.Anonmm.ByPlace>;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// mremap=range: for each mm, which virtual pages hold what began elsewhere ("a metadata tracking a range, not wasting
/// bytes for every single page", in the mail of 12 March 2004).
/// </summary>
/// <remarks>
/// <code>
///   origin(page) = page - displacement of the range that the page is in, or the page itself
///
///   invariant: a page mapped at v in an mm has index origin(v) there
/// </code>
/// <para>
/// A walk asks each mm for the ranges that hold the index by origin, a fault asks for the one at its page. The table
/// is about virtual pages, not about VMAs, so that VMAs merge and split as they like.
/// </para>
/// <para>
/// A displacement where nothing is mapped does no harm: what is mapped there next is known by its displaced number. So
/// whoever may not allocate leaves a hole in the middle of a range to it.
/// </para>
/// </remarks>
internal sealed partial class MovedRanges(World world, AnonmmLists lists)
{
    private Arena<MovedRange> _ranges =
        new(world.Ledger, world.Ledger.Register("moved_range", MovedRange.KernelSize));

    private long _moves;
    private long _lookups;

    /// <summary>The number by which a page is known that appears at this virtual page of an mm.</summary>
    public ulong OriginOf(int anonmm, ulong page)
    {
        int range = At(anonmm, page);
        return range == 0 ? page : page - (ulong)_ranges[range].Displacement;
    }

    /// <summary>
    /// Offers where else than at their own numbers pages may be in an mm.
    /// </summary>
    public WalkStep Walk<TVisitor>(int anonmm, in RmapWalk walk, ref TVisitor visitor, ref long steps)
        where TVisitor : struct, IWalkVisitor
    {
        int top = lists[anonmm].RangesByOrigin;
        _lookups++;
        if (top == 0)
        {
            return WalkStep.Continue;
        }

        Span<int> stack = stackalloc int[Origins.MaxDepth];
        stack[0] = top;
        int depth = 1;
        for (int range = Origins.Next(_ranges.Slots, stack, ref depth, walk.First, walk.Last);
             range != 0;
             range = Origins.Next(_ranges.Slots, stack, ref depth, walk.First, walk.Last))
        {
            steps++;
            ref MovedRange moved = ref _ranges[range];
            ulong first = Math.Max(walk.First, moved.Origin.First);
            ulong last = Math.Min(walk.Last, moved.Origin.Last);
            ulong address = (first + (ulong)moved.Displacement) << Page.Shift;
            WalkCandidate candidate = new(lists[anonmm].Mm, address, first, (int)(last - first) + 1);
            if (visitor.Visit(candidate) == WalkStep.Stop)
            {
                return WalkStep.Stop;
            }
        }

        return WalkStep.Continue;
    }

    /// <summary>
    /// mremap: the target's pages are known by the numbers of the source's. The source keeps its ranges: what still
    /// lies there may have to go back. ENOMEM; then the target's numbers may be any, since nothing is mapped there.
    /// </summary>
    public Errno Relocate(MmId mm, ulong source, ulong target, ulong pages)
    {
        int anonmm = lists.Of(mm);
        _moves++;
        if (!IsDisplaced(anonmm, source, target, pages) && !Cut(anonmm, target, target + pages - 1, Cutting.Exact))
        {
            return Errno.ENOMEM;
        }

        ulong done = 0;
        while (done < pages)
        {
            ulong run = RunAt(anonmm, source + done, pages - done, out long displacement);
            ulong first = target + done;
            done += run;
            displacement += (long)(target - source);
            if (!Put(anonmm, first, first + run - 1, displacement))
            {
                return Errno.ENOMEM;
            }
        }

        return Errno.None;
    }

    /// <summary>fork: the child's VMA has its pages where the parent's has them. ENOMEM.</summary>
    public Errno Inherit(VmaId parent, VmaId child)
    {
        ref Vma vma = ref world.Vmas[parent];
        int from = lists.Of(vma.Mm);
        if (lists[from].RangesByPlace == 0)
        {
            return Errno.None;
        }

        int to = lists.Of(world.Vmas[child].Mm);
        ulong first = vma.Start >> Page.Shift;
        ulong pages = vma.Pages;
        ulong done = 0;
        while (done < pages)
        {
            ulong run = RunAt(from, first + done, pages - done, out long displacement);
            if (!Put(to, first + done, first + done + run - 1, displacement))
            {
                return Errno.ENOMEM;
            }

            done += run;
        }

        return Errno.None;
    }

    /// <summary>Nothing is mapped in the VMA's range any more.</summary>
    public void Drop(VmaId vma)
    {
        ref Vma bounds = ref world.Vmas[vma];
        int anonmm = lists.Of(bounds.Mm);
        if (lists[anonmm].RangesByPlace != 0)
        {
            _ = Cut(anonmm, bounds.Start >> Page.Shift, (bounds.End >> Page.Shift) - 1, Cutting.WithoutAllocation);
        }
    }

    /// <summary>The mm is gone.</summary>
    public void Forget(MmId mm)
    {
        int anonmm = lists.Of(mm);
        while (lists[anonmm].RangesByPlace != 0)
        {
            Remove(anonmm, lists[anonmm].RangesByPlace);
        }
    }

    /// <summary>Takes down the ranges of an mm.</summary>
    public void Note(MmId mm, IStateNotes notes)
    {
        int top = lists[lists.Of(mm)].RangesByPlace;
        ulong from = 0;
        for (int range = Places.Lowest(_ranges.Slots, top, from, ulong.MaxValue);
             range != 0;
             range = Places.Lowest(_ranges.Slots, top, from, ulong.MaxValue))
        {
            notes.Number(_ranges[range].Place.First);
            notes.Number(_ranges[range].Place.Last);
            notes.Number((ulong)_ranges[range].Displacement);
            from = _ranges[range].Place.Last + 1;
        }
    }

    /// <summary>What only this fallback counts.</summary>
    public IReadOnlyList<DesignFigure> Figures() =>
    [
        new("moves noted", _moves),
        new("moved ranges", _ranges.LiveCount, FigureKind.State),
        new("look-ups of moved ranges by walks", _lookups),
    ];

    /// <summary>Whether the target has the source's numbers already: what was moved has come back.</summary>
    private bool IsDisplaced(int anonmm, ulong source, ulong target, ulong pages)
    {
        ulong done = 0;
        while (done < pages)
        {
            ulong run = RunAt(anonmm, source + done, pages - done, out long from);
            run = Math.Min(run, RunAt(anonmm, target + done, pages - done, out long to));
            if (to != from + (long)(target - source))
            {
                return false;
            }

            done += run;
        }

        return true;
    }

    /// <summary>How many of the next pages have one displacement, and which.</summary>
    private ulong RunAt(int anonmm, ulong first, ulong pages, out long displacement)
    {
        int range = Places.Lowest(_ranges.Slots, lists[anonmm].RangesByPlace, first, first + pages - 1);
        if (range == 0)
        {
            displacement = 0;
            return pages;
        }

        ref IntervalLinks place = ref _ranges[range].Place;
        if (place.First > first)
        {
            displacement = 0;
            return place.First - first;
        }

        displacement = _ranges[range].Displacement;
        return Math.Min(pages, place.Last - first + 1);
    }

    private int At(int anonmm, ulong page)
    {
        int top = lists[anonmm].RangesByPlace;
        return top == 0 ? 0 : Places.Lowest(_ranges.Slots, top, page, page);
    }
}
