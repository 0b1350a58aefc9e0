namespace Verso.Engine.Swap;

/// <summary>
/// Swap slots: how many entries refer to each, the frame that caches it, and the bytes where a machine keeps them
/// (mm/swapfile.c, mm/swap_state.c).
/// </summary>
/// <remarks>
/// A slot belongs to swap entries of page tables, or, in object-owned designs, to one page of one object. A frame stays
/// in the swap cache only while it is mapped and other entries still refer to the slot.
/// </remarks>
public sealed class SwapTable
{
    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private readonly Dictionary<int, int> _slotOfFrame = [];
    private readonly Dictionary<int, byte[]> _bytes = [];
    private readonly bool _hasContents;
    private Slot[] _slots = new Slot[16];
    private int _used = 1;
    private int _firstFree;

    public SwapTable(MachineOptions options, Ledger ledger)
    {
        _ledger = ledger;
        _type = ledger.Register("swap_map", 1);
        _hasContents = options.Contents == PageContents.Bytes;
    }

    /// <summary>Slots in use.</summary>
    public int LiveCount { get; private set; }

    /// <summary>One past the highest slot ever given out.</summary>
    public int UsedCount => _used;

    /// <summary>A slot that nobody refers to yet; 0 if the allocation fails (ENOMEM).</summary>
    public int Allocate()
    {
        if (!_ledger.TryAllocate(_type))
        {
            return 0;
        }

        int slot = _firstFree;
        if (slot != 0)
        {
            _firstFree = _slots[slot].NextFree;
        }
        else
        {
            slot = _used++;
            if (slot == _slots.Length)
            {
                Array.Resize(ref _slots, slot * 2);
            }
        }

        _slots[slot] = new Slot { IsLive = true };
        LiveCount++;
        return slot;
    }

    /// <summary>How many refer to the slot.</summary>
    public int CountOf(int slot) => _slots[slot].Count;

    public bool IsLive(int slot) => slot > 0 && slot < _used && _slots[slot].IsLive;

    /// <summary>The frame that caches the slot, or none.</summary>
    public Pfn FrameOf(int slot) => _slots[slot].Frame;

    /// <summary>The slot that a frame caches, or 0.</summary>
    public int SlotOf(Pfn frame) => _slotOfFrame.GetValueOrDefault(frame.Value);

    /// <summary>swap_duplicate: one more refers to the slot.</summary>
    public void Hold(int slot)
    {
        Invariant.Require(IsLive(slot));
        _slots[slot].Count++;
    }

    /// <summary>
    /// swap_free: one refers to it no more. Returns whether it was the last; then the slot is free, and a frame that
    /// cached it caches it no more.
    /// </summary>
    public bool Release(int slot)
    {
        Invariant.Require(IsLive(slot) && _slots[slot].Count > 0);
        if (--_slots[slot].Count > 0)
        {
            return false;
        }

        Free(slot);
        return true;
    }

    /// <summary>A slot that nobody came to refer to. Requires: its count is 0.</summary>
    public void Free(int slot)
    {
        Invariant.Require(IsLive(slot) && _slots[slot].Count == 0);
        SetFrame(slot, default);
        _bytes.Remove(slot);
        _slots[slot] = new Slot { NextFree = _firstFree };
        _firstFree = slot;
        LiveCount--;
        _ledger.Release(_type);
    }

    /// <summary>The frame caches the slot from now on; none: nothing does.</summary>
    public void SetFrame(int slot, Pfn frame)
    {
        _slotOfFrame.Remove(_slots[slot].Frame.Value);
        _slots[slot].Frame = frame;
        if (!frame.IsNone)
        {
            _slotOfFrame[frame.Value] = slot;
        }
    }

    /// <summary>Writes a page out.</summary>
    public void Write(int slot, ReadOnlySpan<byte> page)
    {
        if (_hasContents)
        {
            _bytes[slot] = page.ToArray();
        }
    }

    /// <summary>
    /// The 4096 bytes that were written out. Requires: <see cref="PageContents.Bytes"/>, and no frame caches the slot.
    /// </summary>
    public ReadOnlySpan<byte> Read(int slot)
    {
        Invariant.Require(_hasContents && _slots[slot].Frame.IsNone);
        return _bytes[slot];
    }

    private struct Slot
    {
        public int Count;
        public int NextFree;
        public Pfn Frame;
        public bool IsLive;
    }
}
