using System.Runtime.CompilerServices;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>A cache-line block of PTE pointers (<c>struct pte_chain</c>).</summary>
/// <remarks>
/// <code>
///   kernel, 64 bytes:  | next block | ptep | ptep | ptep | ptep | ptep | ptep | ptep |
///   here, 32 bytes:    | next, used |  p0  |  p1  |  p2  |  p3  |  p4  |  p5  |  p6  |
///                         `-- used (0..7) in the low 3 bits
/// </code>
/// Only the first block of a chain may be partly used.
/// </remarks>
internal struct ChainBlock : IArenaSlot
{
    /// <summary>NRPTE: pointers a block holds.</summary>
    public const int PointerCount = 7;

    private const int UsedBits = 3;
    private const int UsedMask = (1 << UsedBits) - 1;

    private int _header;
    private Slots _slots;

    /// <summary>The next block of the chain, or 0.</summary>
    public readonly int Next => _header >> UsedBits;

    int IArenaSlot.NextFree { readonly get => Next; set => Begin(value); }

    /// <summary>How many pointers it holds.</summary>
    public readonly int Used => _header & UsedMask;

    public readonly bool IsFull => Used == PointerCount;

    /// <summary>An empty block before another.</summary>
    public void Begin(int next)
    {
        Invariant.Require(next < int.MaxValue >> UsedBits);
        _header = next << UsedBits;
    }

    /// <summary>Adds a pointer. Requires: it is not full.</summary>
    public void Push(int pointer)
    {
        int used = Used;
        Invariant.Require(used < PointerCount);
        _slots[used] = pointer;
        _header++;
    }

    /// <summary>Takes the last pointer out. Requires: it is not empty.</summary>
    public int Pop()
    {
        int used = Used;
        Invariant.Require(used > 0);
        _header--;
        return _slots[used - 1];
    }

    /// <summary>The pointers it holds.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public Span<int> Pointers() => ((Span<int>)_slots)[..Used];

    [InlineArray(PointerCount)]
    private struct Slots
    {
        private int _first;
    }
}

/// <summary>
/// The blocks of all chains, by int handle. Handle 0 is never given out. The ledger counts 64 bytes a block.
/// </summary>
internal sealed class ChainBlocks(Ledger ledger)
{
    /// <summary>Bytes of a block in the kernel: one cache line.</summary>
    public static KernelSize KernelSize { get; } = new(64, 32);

    private Arena<ChainBlock> _blocks = new(ledger, ledger.Register("pte_chain", KernelSize));

    /// <summary>Blocks in use.</summary>
    public int LiveCount => _blocks.LiveCount;

    /// <summary>The block; the reference is good until the next allocation.</summary>
    public ref ChainBlock this[int block]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _blocks[block];
    }

    /// <summary>An empty block before another, or 0 if the allocation fails.</summary>
    public int Allocate(int next, AllocationContext context)
    {
        int block = _blocks.Allocate(context);
        if (block != 0)
        {
            _blocks[block].Begin(next);
        }

        return block;
    }

    /// <summary>Gives a block back. Requires: it is empty.</summary>
    public void Free(int block)
    {
        Invariant.Require(_blocks[block].Used == 0);
        _blocks.Free(block);
    }
}
