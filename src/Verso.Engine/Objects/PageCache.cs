namespace Verso.Engine.Objects;

/// <summary>
/// The pages of one inode by page offset (<c>i_pages</c>): a sorted list of chunks of 64 neighbouring slots, the
/// size of an xarray node.
/// </summary>
/// <remarks>
/// <code>
///   _keys    [ 0 | 1 | 7 | ... ]     page offset / 64, ascending
///   _chunks  [ 3 | 4 | 9 | ... ]     handles into the ChunkPool shared by all inodes
///                  `--> 64 x Pfn     slot = page offset % 64; 0 where not cached
/// </code>
/// Look-up is a halving of <c>_keys</c>, after a guess that the last chunk is meant again. Reading a file in order
/// appends; a chunk that becomes empty is given back.
/// </remarks>
public sealed class PageCache
{
    private const int ChunkShift = 6;
    private const ulong SlotMask = (1UL << ChunkShift) - 1;

    private readonly ChunkPool _pool;
    private ulong[] _keys = new ulong[4];
    private int[] _chunks = new int[4];
    private int _chunkCount;
    private int _last;

    internal PageCache(ChunkPool pool) => _pool = pool;

    /// <summary><c>nrpages</c>.</summary>
    public int Count { get; private set; }

    /// <summary>The frame at this page offset, or none.</summary>
    public Pfn Find(ulong pgoff)
    {
        ulong key = pgoff >> ChunkShift;
        if (_last >= _chunkCount || _keys[_last] != key)
        {
            int at = IndexAtOrAbove(key);
            if (at == _chunkCount || _keys[at] != key)
            {
                return default;
            }

            _last = at;
        }

        return new Pfn(_pool.Slots(_chunks[_last])[(int)(pgoff & SlotMask)]);
    }

    /// <summary>Adds a page. Requires: none is there.</summary>
    internal void Insert(ulong pgoff, Pfn frame)
    {
        Invariant.Require(!frame.IsNone);
        ulong key = pgoff >> ChunkShift;
        int at = IndexAtOrAbove(key);
        if (at == _chunkCount || _keys[at] != key)
        {
            InsertChunk(at, key);
        }

        ref int slot = ref _pool.Slots(_chunks[at])[(int)(pgoff & SlotMask)];
        Invariant.Require(slot == 0);
        slot = frame.Value;
        _pool.Live(_chunks[at])++;
        _last = at;
        Count++;
    }

    /// <summary>Removes a page. Requires: it is there.</summary>
    internal void Remove(ulong pgoff)
    {
        int at = IndexAtOrAbove(pgoff >> ChunkShift);
        Invariant.Require(at < _chunkCount && _keys[at] == pgoff >> ChunkShift);
        int chunk = _chunks[at];
        ref int slot = ref _pool.Slots(chunk)[(int)(pgoff & SlotMask)];
        Invariant.Require(slot != 0);
        slot = 0;
        Count--;
        if (--_pool.Live(chunk) > 0)
        {
            return;
        }

        _pool.Free(chunk);
        _chunkCount--;
        _keys.AsSpan(at + 1, _chunkCount - at).CopyTo(_keys.AsSpan(at));
        _chunks.AsSpan(at + 1, _chunkCount - at).CopyTo(_chunks.AsSpan(at));
    }

    /// <summary>Finds the first page at or after <paramref name="pgoff"/> and moves the offset there.</summary>
    public bool TryNext(ref ulong pgoff, out Pfn frame)
    {
        int first = (int)(pgoff & SlotMask);
        ulong key = pgoff >> ChunkShift;
        for (int at = IndexAtOrAbove(key); at < _chunkCount; at++)
        {
            Span<int> slots = _pool.Slots(_chunks[at]);
            for (int slot = _keys[at] == key ? first : 0; slot < slots.Length; slot++)
            {
                if (slots[slot] != 0)
                {
                    pgoff = (_keys[at] << ChunkShift) + (ulong)slot;
                    frame = new Pfn(slots[slot]);
                    return true;
                }
            }
        }

        frame = default;
        return false;
    }

    private void InsertChunk(int at, ulong key)
    {
        if (_chunkCount == _keys.Length)
        {
            Array.Resize(ref _keys, _chunkCount * 2);
            Array.Resize(ref _chunks, _chunkCount * 2);
        }

        _keys.AsSpan(at, _chunkCount - at).CopyTo(_keys.AsSpan(at + 1));
        _chunks.AsSpan(at, _chunkCount - at).CopyTo(_chunks.AsSpan(at + 1));
        _keys[at] = key;
        _chunks[at] = _pool.Allocate();
        _chunkCount++;
    }

    private int IndexAtOrAbove(ulong key)
    {
        int low = 0;
        int high = _chunkCount;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_keys[middle] < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
