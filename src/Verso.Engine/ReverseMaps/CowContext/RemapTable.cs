using Segments = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.CowContext.RemapSegment, Verso.Engine.ReverseMaps.CowContext.SegmentsByOrigin>;

namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>
/// For each context, where else than at their own number pages of its mm may be: ranges of original page offsets, each
/// with the set of its offsets (new virtual page number - page offset).
/// </summary>
/// <remarks>
/// <code>
///   pages 2-5 written and moved to 10; then 4-7 mapped, written and moved to 20:
///
///   [2,3] { +8 }     [4,5] { +8, +16 }     [6,7] { +16 }
/// </code>
/// An offset too many is a look-up in vain. So an addition that fails half-way is left, and what cannot be removed
/// without an allocation stays until its mm ends or its range is remapped again.
/// </remarks>
internal sealed partial class RemapTable(World world, CowContexts contexts, Insertion insertion)
{
    private Arena<RemapSegment> _segments =
        new(world.Ledger, world.Ledger.Register("cow_remap", RemapSegment.KernelSize, Freeing.AfterGrace));

    private readonly OffsetArrays _arrays = new(world);

    /// <summary>Segments in use.</summary>
    public long LiveCount => _segments.LiveCount;

    /// <summary>Removals that had to leave something behind.</summary>
    public long LeftBehind { get; private set; }

    /// <summary>Whether nothing is recorded for an mm.</summary>
    public bool IsEmpty(int context) => contexts[context].Remaps == 0;

    /// <summary>
    /// The first of the page offsets [first, last] that have offsets recorded, with those, ascending, good until the
    /// table changes. <paramref name="first"/> is where to look on.
    /// </summary>
    public bool TryRun(int context, ref ulong first, ulong last, out RemapRun run)
    {
        int at = Segments.Lowest(_segments.Slots, contexts[context].Remaps, first, last);
        if (at == 0)
        {
            run = default;
            return false;
        }

        ref IntervalLinks origin = ref _segments[at].Origin;
        run = new RemapRun(Math.Max(first, origin.First), Math.Min(last, origin.Last), Offsets(at));
        first = run.Last + 1;
        return true;
    }

    /// <summary>add_new_remap. ENOMEM; then part of it may have been added.</summary>
    public Errno Add(int context, ulong first, ulong last, long offset)
    {
        Invariant.Require(offset != 0 && first <= last);
        if (Covers(context, first, last, offset))
        {
            return Errno.None;
        }

        if (!TryDivide(context, first) || !TryDivide(context, last + 1))
        {
            return Errno.ENOMEM;
        }

        world.Locks.Take(new LockId(LockClass.CowRemaps, context), LockMode.Write, 1);
        ulong from = first;
        while (from <= last)
        {
            int at = Segments.Lowest(_segments.Slots, contexts[context].Remaps, from, last);
            ulong upTo = at == 0 ? last : _segments[at].Origin.First - 1;
            bool isGap = at == 0 || _segments[at].Origin.First > from;
            bool added = isGap ? TryFill(context, from, upTo, offset) : TryInclude(at, offset);
            if (!added)
            {
                return Errno.ENOMEM;
            }

            from = (isGap ? upTo : _segments[at].Origin.Last) + 1;
        }

        return Errno.None;
    }

    /// <summary>find_and_unmap_existing, as far as that needs no allocation.</summary>
    public void Remove(int context, ulong first, ulong last, long offset)
    {
        if (contexts[context].Remaps == 0)
        {
            return;
        }

        world.Locks.Take(new LockId(LockClass.CowRemaps, context), LockMode.Write, 1);
        ulong from = first;
        while (from <= last && contexts[context].Remaps != 0)
        {
            int at = Segments.Lowest(_segments.Slots, contexts[context].Remaps, from, last);
            if (at == 0)
            {
                return;
            }

            from = _segments[at].Origin.Last + 1;
            if (Offsets(at).Contains(offset))
            {
                RemoveFrom(context, at, first, last, offset);
            }
        }
    }

    /// <summary>
    /// A VMA is split: what it recorded can then be removed apart. ENOMEM; nothing has changed then.
    /// </summary>
    public Errno Divide(int context, ulong pgoff) => TryDivide(context, pgoff) ? Errno.None : Errno.ENOMEM;

    /// <summary>The mm is gone.</summary>
    public void Forget(int context)
    {
        while (contexts[context].Remaps != 0)
        {
            Drop(context, contexts[context].Remaps);
        }
    }

    /// <summary>Whether every page offset of [first, last] has this offset.</summary>
    public bool Covers(int context, ulong first, ulong last, long offset)
    {
        int top = contexts[context].Remaps;
        ulong from = first;
        while (top != 0 && from <= last)
        {
            int at = Segments.Lowest(_segments.Slots, top, from, last);
            if (at == 0 || _segments[at].Origin.First > from || !Offsets(at).Contains(offset))
            {
                return false;
            }

            from = _segments[at].Origin.Last + 1;
        }

        return from > last;
    }

    /// <summary>Takes down the segments of a context.</summary>
    public void Note(int context, IStateNotes notes)
    {
        int top = contexts[context].Remaps;
        ulong from = 0;
        int at;
        while (top != 0 && (at = Segments.Lowest(_segments.Slots, top, from, ulong.MaxValue)) != 0)
        {
            notes.Number(_segments[at].Origin.First);
            notes.Number(_segments[at].Origin.Last);
            foreach (long offset in Offsets(at))
            {
                notes.Number((ulong)offset);
            }

            from = _segments[at].Origin.Last + 1;
        }
    }

    /// <summary>The first thing wrong with a context's table, or null.</summary>
    public string? Audit(int context)
    {
        ulong from = 0;
        int at;
        while (contexts[context].Remaps != 0
            && (at = Segments.Lowest(_segments.Slots, contexts[context].Remaps, from, ulong.MaxValue)) != 0)
        {
            ref RemapSegment segment = ref _segments[at];
            ReadOnlySpan<long> offsets = Offsets(at);
            bool isSound = segment.Origin.First >= from && segment.Count > 0 && !offsets.Contains(0)
                && (segment.Count > 1) == (segment.Several is not null);
            for (int i = 1; i < offsets.Length; i++)
            {
                isSound &= offsets[i - 1] < offsets[i];
            }

            if (!isSound)
            {
                return $"context {context}: the remaps from {segment.Origin.First:x} on overlap or are out of order";
            }

            from = segment.Origin.Last + 1;
        }

        return null;
    }

    private ReadOnlySpan<long> Offsets(int at)
    {
        ref RemapSegment segment = ref _segments[at];
        return segment.Several is null
            ? new ReadOnlySpan<long>(ref segment.Only)
            : segment.Several.AsSpan(0, segment.Count);
    }
}

/// <summary>Page offsets, one behind the other, that have the same offsets recorded.</summary>
internal readonly ref struct RemapRun(ulong first, ulong last, ReadOnlySpan<long> offsets)
{
    public readonly ulong First = first;

    /// <summary>Inclusive.</summary>
    public readonly ulong Last = last;

    public readonly ReadOnlySpan<long> Offsets = offsets;
}
