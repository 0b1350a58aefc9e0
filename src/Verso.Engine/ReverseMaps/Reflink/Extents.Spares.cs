namespace Verso.Engine.ReverseMaps.Reflink;

// Objects allocated ahead, so that what must not fail need not allocate; and room for slots.
internal sealed partial class Extents
{
    /// <summary>What a slot takes of the host, with the room that an array keeps to grow.</summary>
    private const int SlotHeldBytes = 16;

    private readonly Stack<int>[] _freeRoom = [.. Enumerable.Range(0, 10).Select(_ => new Stack<int>())];
    private FoundPage[] _slots = new FoundPage[64];
    private int _slotsUsed;
    private int _spareExtents;
    private int _spareReferences;

    /// <summary>Sees to so many spare references. ENOMEM.</summary>
    public Errno ReserveReferences(int count)
    {
        for (; _spareReferences < count; _spareReferences++)
        {
            if (!_world.Ledger.TryAllocate(_referenceType))
            {
                return Errno.ENOMEM;
            }
        }

        return Errno.None;
    }

    /// <summary>Sees to what <see cref="Put"/> may need: an extent and two references. ENOMEM.</summary>
    public Errno ReserveForPage()
    {
        if (_spareExtents == 0)
        {
            if (!_world.Ledger.TryAllocate(_extentType))
            {
                return Errno.ENOMEM;
            }

            _spareExtents++;
        }

        return ReserveReferences(2);
    }

    /// <summary>Frees the spares.</summary>
    public void ReturnSpares()
    {
        _world.Ledger.Release(_extentType, _spareExtents);
        _world.Ledger.Release(_referenceType, _spareReferences);
        _spareExtents = 0;
        _spareReferences = 0;
    }

    /// <summary>Room for 1 &lt;&lt; shift empty slots.</summary>
    private int TakeRoom(int shift)
    {
        int count = 1 << shift;
        if (_freeRoom[shift].TryPop(out int room))
        {
            _slots.AsSpan(room, count).Clear();
            return room;
        }

        _world.Budget.Hold(count * SlotHeldBytes);
        room = _slotsUsed;
        _slotsUsed += count;
        if (_slotsUsed > _slots.Length)
        {
            Array.Resize(ref _slots, Math.Max(_slotsUsed, _slots.Length * 2));
        }

        return room;
    }

    private void GiveRoom(int room, int shift) => _freeRoom[shift].Push(room);

    /// <summary>
    /// One more slot at the low or the high end of an extent, empty. False if it is as long as it may be, or begins at
    /// page 0.
    /// </summary>
    private bool TryGrow(int extent, bool atEnd)
    {
        ref Extent node = ref _extents[extent];
        if (node.Length == Extent.LengthMax || (!atEnd && node.First == 0))
        {
            return false;
        }

        if (_hasSlots)
        {
            AddSlot(extent, atEnd);
        }

        node.First -= atEnd ? 0UL : 1;
        node.Length++;
        return true;
    }

    private void AddSlot(int extent, bool atEnd)
    {
        ref Extent node = ref _extents[extent];
        MakeRoom(extent, node.Length + 1);
        if (!atEnd)
        {
            _slots.AsSpan(node.Slots, node.Length).CopyTo(_slots.AsSpan(node.Slots + 1));
        }

        _slots[node.Slots + (atEnd ? node.Length : 0)] = default;
    }
}
