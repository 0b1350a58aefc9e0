using System.Runtime.CompilerServices;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>One page of a space, or a hole: nothing is here, and nothing shows from the parent.</summary>
internal struct SpaceEntry
{
    /// <summary>
    /// Bytes of a hole, which no struct page stands for: hash links 16, list links 16, space 8, index 8.
    /// </summary>
    public const int KernelHoleBytes = 48;

    public ulong Index;
    public int Space;

    /// <summary>The page; none for a hole, and while it is swapped out. It names the space and the index too.</summary>
    public Pfn Frame;

    /// <summary>The swap slot the page is in; else 0.</summary>
    public int Slot;

    /// <summary>The next of the space; of a free slot the next free one.</summary>
    public int Next;
    public int Previous;

    /// <summary>The next in the same bucket.</summary>
    public int Chain;

    public readonly bool IsHole => Frame.IsNone && Slot == 0;
}

/// <summary>
/// The entries of all spaces by (space, index): one arena and one hash table, as the page hash of 2.3
/// (mm/filemap.c, page_hash_table).
/// </summary>
internal sealed class SpaceEntries
{
    private SpaceEntry[] _slots = new SpaceEntry[256];
    private int[] _buckets = new int[256];
    private int _free;
    private int _used = 1;
    private int _live;

    public ref SpaceEntry this[int entry] => ref _slots[entry];

    /// <summary>The entry of a space at an index; 0 if it has none.</summary>
    public int Find(int space, ulong index)
    {
        int entry = _buckets[BucketOf(space, index)];
        while (entry != 0)
        {
            ref SpaceEntry slot = ref _slots[entry];
            if (slot.Index == index && slot.Space == space)
            {
                return entry;
            }

            entry = slot.Chain;
        }

        return 0;
    }

    /// <summary>A new entry, in the table and in no list.</summary>
    public int Add(int space, ulong index, Pfn frame)
    {
        int entry = _free;
        if (entry != 0)
        {
            _free = _slots[entry].Next;
        }
        else
        {
            entry = _used++;
            if (entry == _slots.Length)
            {
                Array.Resize(ref _slots, entry * 2);
            }
        }

        _slots[entry] = new SpaceEntry { Space = space, Index = index, Frame = frame };
        if (++_live > _buckets.Length)
        {
            Rehash();
        }
        else
        {
            Insert(entry);
        }

        return entry;
    }

    /// <summary>Takes an entry out of the table and frees it.</summary>
    public void Remove(int entry)
    {
        TakeOut(entry);
        _live--;
        _slots[entry] = new SpaceEntry { Next = _free };
        _free = entry;
    }

    /// <summary>The entry belongs to another space from now on.</summary>
    public void Move(int entry, int space)
    {
        TakeOut(entry);
        _slots[entry].Space = space;
        Insert(entry);
    }

    private void TakeOut(int entry)
    {
        ref int at = ref _buckets[BucketOf(_slots[entry].Space, _slots[entry].Index)];
        while (at != entry)
        {
            Invariant.Require(at != 0);
            at = ref _slots[at].Chain;
        }

        at = _slots[entry].Chain;
    }

    private void Insert(int entry)
    {
        ref int bucket = ref _buckets[BucketOf(_slots[entry].Space, _slots[entry].Index)];
        _slots[entry].Chain = bucket;
        bucket = entry;
    }

    private void Rehash()
    {
        _buckets = new int[_buckets.Length * 2];
        for (int entry = 1; entry < _used; entry++)
        {
            if (_slots[entry].Space != 0)
            {
                Insert(entry);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int BucketOf(int space, ulong index)
    {
        ulong mixed = unchecked((index + ((ulong)(uint)space << 32)) * 0x9E3779B97F4A7C15UL);
        return (int)(mixed >> 40) & (_buckets.Length - 1);
    }
}
