using Segments = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.CowContext.RemapSegment, Verso.Engine.ReverseMaps.CowContext.SegmentsByOrigin>;

namespace Verso.Engine.ReverseMaps.CowContext;

// Changes of single segments.
internal sealed partial class RemapTable
{
    /// <summary>No segment reaches across this page offset any more. False on ENOMEM.</summary>
    private bool TryDivide(int context, ulong pgoff)
    {
        int top = contexts[context].Remaps;
        int at = top == 0 || pgoff == 0 ? 0 : Segments.Lowest(_segments.Slots, top, pgoff - 1, pgoff - 1);
        if (at == 0 || _segments[at].Origin.Last < pgoff)
        {
            return true;
        }

        long[]? copy = null;
        if (_segments[at].Several is long[] several)
        {
            copy = _arrays.Rent(several.Length);
            if (copy is null)
            {
                return false;
            }

            several.CopyTo(copy, 0);
        }

        int upper = _segments.Allocate();
        if (upper == 0)
        {
            if (copy is not null)
            {
                _arrays.Return(copy);
            }

            return false;
        }

        _segments[upper].Count = _segments[at].Count;
        _segments[upper].Only = _segments[at].Only;
        _segments[upper].Several = copy;
        ulong last = _segments[at].Origin.Last;
        Resize(context, at, _segments[at].Origin.First, pgoff - 1);
        Insert(context, upper, pgoff, last);
        return true;
    }

    /// <summary>
    /// A gap gets the offset: the segment below grows if it has just that, else a new one. False on ENOMEM.
    /// </summary>
    private bool TryFill(int context, ulong first, ulong last, long offset)
    {
        int top = contexts[context].Remaps;
        int below = top == 0 || first == 0 ? 0 : Segments.Lowest(_segments.Slots, top, first - 1, first - 1);
        if (below != 0 && IsOnly(below, offset))
        {
            Resize(context, below, _segments[below].Origin.First, last);
            return true;
        }

        int fresh = _segments.Allocate();
        if (fresh == 0)
        {
            return false;
        }

        _segments[fresh].Count = 1;
        _segments[fresh].Only = offset;
        Insert(context, fresh, first, last);
        return true;
    }

    /// <summary>__dynarray_append_value: a segment has one offset more. False on ENOMEM.</summary>
    private bool TryInclude(int at, long offset)
    {
        if (Offsets(at).Contains(offset))
        {
            return true;
        }

        int count = _segments[at].Count;
        long[]? array = _segments[at].Several;
        if (array is null || array.Length == count)
        {
            long[]? larger = _arrays.Rent(count + 1);
            if (larger is null)
            {
                return false;
            }

            Offsets(at).CopyTo(larger);
            if (array is not null)
            {
                _arrays.Return(array);
            }

            array = larger;
        }

        int place = 0;
        while (place < count && array[place] < offset)
        {
            place++;
        }

        bool overwrites = insertion == Insertion.Overwriting && place < count;
        array.AsSpan(place, count - place).CopyTo(array.AsSpan(place + (overwrites ? 0 : 1)));
        array[place] = offset;
        SetOffsets(at, array, overwrites ? count : count + 1);
        return true;
    }

    /// <summary>
    /// The part of [first, last] that this segment has loses the offset, where nothing must be allocated.
    /// </summary>
    private void RemoveFrom(int context, int at, ulong first, ulong last, long offset)
    {
        ulong low = _segments[at].Origin.First;
        ulong high = _segments[at].Origin.Last;
        bool isInside = low >= first && high <= last;
        if (isInside && _segments[at].Count > 1)
        {
            Exclude(at, offset);
        }
        else if (isInside)
        {
            Drop(context, at);
        }
        else if (IsOnly(at, offset) && low >= first)
        {
            Resize(context, at, last + 1, high);
        }
        else if (IsOnly(at, offset) && high <= last)
        {
            Resize(context, at, low, first - 1);
        }
        else
        {
            LeftBehind++;
        }
    }

    private bool IsOnly(int at, long offset) => _segments[at].Count == 1 && _segments[at].Only == offset;

    private void Exclude(int at, long offset)
    {
        long[] array = _segments[at].Several!;
        int count = _segments[at].Count;
        int place = Array.IndexOf(array, offset, 0, count);
        array.AsSpan(place + 1, count - place - 1).CopyTo(array.AsSpan(place));
        SetOffsets(at, array, count - 1);
    }

    /// <summary>A single offset is kept in the segment itself.</summary>
    private void SetOffsets(int at, long[] array, int count)
    {
        ref RemapSegment segment = ref _segments[at];
        segment.Count = count;
        segment.Several = count > 1 ? array : null;
        if (count == 1)
        {
            segment.Only = array[0];
            _arrays.Return(array);
        }
    }

    private void Insert(int context, int at, ulong first, ulong last)
    {
        _segments[at].Origin.First = first;
        _segments[at].Origin.Last = last;
        ref CowContext owner = ref contexts[context];
        owner.Remaps = Segments.Insert(_segments.Slots, owner.Remaps, at);
    }

    private void Resize(int context, int at, ulong first, ulong last)
    {
        ref CowContext owner = ref contexts[context];
        owner.Remaps = Segments.Remove(_segments.Slots, owner.Remaps, at);
        Insert(context, at, first, last);
    }

    private void Drop(int context, int at)
    {
        ref CowContext owner = ref contexts[context];
        owner.Remaps = Segments.Remove(_segments.Slots, owner.Remaps, at);
        if (_segments[at].Several is long[] array)
        {
            _arrays.Return(array);
        }

        _segments.Free(at);
    }
}
