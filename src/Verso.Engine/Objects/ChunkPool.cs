namespace Verso.Engine.Objects;

/// <summary>Runs of 64 page-cache slots by int handle, shared by all inodes. Handle 0 is never given out.</summary>
/// <remarks>Storage only: page-cache nodes are no cost of a reverse map, so the ledger does not count them.</remarks>
/// <param name="budget">What they take of the host's memory.</param>
internal sealed class ChunkPool(MemoryBudget budget)
{
    public const int SlotCount = 64;

    /// <summary>The slots, and what an inode keeps of a chunk.</summary>
    private const int ChunkBytes = (SlotCount * sizeof(int)) + 32;

    private int[] _slots = new int[16 * SlotCount];
    private int[] _live = new int[16];
    private readonly Stack<int> _free = new();
    private int _used = 1;

    /// <summary>How many slots of a chunk are filled: kept by whoever fills them.</summary>
    public ref int Live(int chunk) => ref _live[chunk];

    /// <summary>The slots of a chunk; good until the next allocation.</summary>
    public Span<int> Slots(int chunk) => _slots.AsSpan(chunk * SlotCount, SlotCount);

    /// <summary>An empty chunk.</summary>
    public int Allocate()
    {
        if (_free.TryPop(out int chunk))
        {
            return chunk;
        }

        budget.Hold(ChunkBytes);
        if (_used == _live.Length)
        {
            Array.Resize(ref _live, _used * 2);
            Array.Resize(ref _slots, _used * 2 * SlotCount);
        }

        return _used++;
    }

    /// <summary>Gives a chunk back. Requires: it is empty.</summary>
    public void Free(int chunk)
    {
        Invariant.Require(_live[chunk] == 0);
        _free.Push(chunk);
    }
}
