namespace Verso.Engine.ReverseMaps.Reflink;

// What lies side by side becomes one: references to one extent, and extents that nobody else refers to.
internal sealed partial class Extents
{
    /// <summary>Extents that became part of a neighbour, in all.</summary>
    public long Joined { get; private set; }

    /// <summary>Folios that were told so, in all.</summary>
    public long Renamed { get; private set; }

    /// <summary>
    /// Joins what ends and what begins at a page within a VMA, if it may. Frees, and allocates nothing. O(pages
    /// of the shorter extent); a page is in the shorter one at most 9 times, as lengths double up to 512.
    /// </summary>
    /// <remarks>
    /// <code>
    ///   references   [4..5][6..7] of extent 1                         [4..7] of extent 1
    ///   extents      1: [A B]  2: [C D E], one reference each         2: [A B C D E], one reference
    /// </code>
    /// Pages keep their numbers, so the two must be neighbours by number too: not where mremap put them side by side.
    /// </remarks>
    public void JoinAt(VmaId vma, ulong at)
    {
        MmId mm = _world.Vmas[vma].Mm;
        int left = At(mm, at - 1);
        int right = At(mm, at);
        if (left == 0 || right == 0 || left == right
            || _references[left].ByPage.Last + 1 != _references[right].ByPage.First)
        {
            return;
        }

        bool sameExtent = _references[left].Extent == _references[right].Extent;
        if (!sameExtent && !CanConcatenate(left, right))
        {
            return;
        }

        ulong pages = _references[right].ByAddress.Last - _references[left].ByAddress.First + 1;
        Unlink(left);
        Unlink(right);
        if (!sameExtent)
        {
            Concatenate(left, right);
        }

        Link(left, pages);
        _world.Locks.Take(LockOf(_references[left].Extent), LockMode.Write, 1);
        EndReference(vma, right);
    }

    /// <summary>
    /// Each is its extent's only reference; together they are not too long. Only where slots say which folios to tell.
    /// </summary>
    private bool CanConcatenate(int left, int right) =>
        _hasSlots
        && IsOwn(left, _references[left].ByPage.Last + 1 == ExtentOf(left).End)
        && IsOwn(right, _references[right].ByPage.First == ExtentOf(right).First)
        && ExtentOf(left).Length + ExtentOf(right).Length <= Extent.LengthMax;

    /// <summary>
    /// The longer extent takes the slots of the other, which is left with none, and with the right reference.
    /// </summary>
    private void Concatenate(int left, int right)
    {
        (int low, int high) = (_references[left].Extent, _references[right].Extent);
        (int longer, int shorter) = _extents[low].Length >= _extents[high].Length ? (low, high) : (high, low);
        ref Extent into = ref _extents[longer];
        ref Extent from = ref _extents[shorter];
        int length = into.Length + from.Length;
        int lead = shorter == low ? from.Length : 0;
        MakeRoom(longer, length);
        Span<FoundPage> slots = _slots.AsSpan(into.Slots, length);
        slots[..into.Length].CopyTo(slots[lead..]);
        int begin = shorter == low ? 0 : into.Length;
        _slots.AsSpan(from.Slots, from.Length).CopyTo(slots[begin..]);
        foreach (ref readonly FoundPage slot in slots.Slice(begin, from.Length))
        {
            if (!slot.Frame.IsNone)
            {
                _world.Frames[slot.Frame].Mapping = longer;
                Renamed++;
            }
        }

        into.First = Math.Min(into.First, from.First);
        into.Length = length;
        from.Length = 0;
        _references[left].Extent = longer;
        _references[right].Extent = shorter;
        Joined++;
    }

    /// <summary>Room for so many slots; those in use stay at the front.</summary>
    private void MakeRoom(int extent, int length)
    {
        ref Extent node = ref _extents[extent];
        int shift = node.RoomShift;
        while (length > 1 << shift)
        {
            shift++;
        }

        if (shift == node.RoomShift)
        {
            return;
        }

        int room = TakeRoom(shift);
        _slots.AsSpan(node.Slots, node.Length).CopyTo(_slots.AsSpan(room));
        GiveRoom(node.Slots, node.RoomShift);
        (node.Slots, node.RoomShift) = (room, shift);
    }
}
