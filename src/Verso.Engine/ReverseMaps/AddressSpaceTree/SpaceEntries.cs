using System.Runtime.CompilerServices;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>One page of a space, or a hole: nothing is here, and nothing shows from the parent.</summary>
internal struct SpaceEntry : IArenaSlot
{
    /// <summary>
    /// Bytes of a hole, which no struct page stands for: hash links 16, list links 16, space 8, index 8.
    /// </summary>
    public static KernelSize KernelHole { get; } = new(48, 24);

    public ulong Index;
    public int Space;

    /// <summary>
    /// The page, in memory or in swap; none for a hole. Its frame names the space and the index too.
    /// </summary>
    public FoundPage Page;

    /// <summary>The next of the space.</summary>
    public int Next;
    public int Previous;

    /// <summary>The next in the same bucket.</summary>
    public int Chain;

    public readonly bool IsHole => Page == default;

    int IArenaSlot.NextFree { readonly get => Next; set => Next = value; }
}

/// <summary>
/// The entries of all spaces by (space, index): one arena and one hash table, as the page hash of 2.3
/// (mm/filemap.c, page_hash_table).
/// </summary>
internal sealed class SpaceEntries(Ledger ledger, ObjectType holeType)
{
    private Arena<SpaceEntry> _slots = new(ledger, holeType);
    private int[] _buckets = new int[256];

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

    /// <summary>
    /// A new entry without a page, in the table and in no list: a hole, which the ledger has counted before, or the
    /// place of a page, which struct page stands for.
    /// </summary>
    public int Add(int space, ulong index)
    {
        int entry = _slots.Take();
        _slots[entry].Space = space;
        _slots[entry].Index = index;
        if (_slots.LiveCount > _buckets.Length)
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
        if (_slots[entry].IsHole)
        {
            _slots.Free(entry);
        }
        else
        {
            _slots.Forget(entry);
        }
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
        for (int entry = 1; entry < _slots.UsedCount; entry++)
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
