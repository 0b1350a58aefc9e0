using System.Runtime.CompilerServices;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>Cache-line blocks of PTE pointers (<c>struct pte_chain</c>) by int handle. Handle 0 is never given out.</summary>
/// <remarks>
/// <code>
///   kernel, 64 bytes:  | next block | ptep | ptep | ptep | ptep | ptep | ptep | ptep |
///   here, 8 ints:      | next, used |  p0  |  p1  |  p2  |  p3  |  p4  |  p5  |  p6  |
///                         `-- used (1..7) in the low 3 bits
/// </code>
/// Only the first block of a chain may be partly used; the ledger counts 64 bytes a block.
/// </remarks>
internal sealed class ChainBlocks
{
    /// <summary>NRPTE: pointers a block holds.</summary>
    public const int PointerCount = 7;

    /// <summary>Bytes of a block in the kernel: one cache line.</summary>
    public const int KernelSizeBytes = 64;

    private const int Stride = 8;
    private const int UsedBits = 3;
    private const int UsedMask = (1 << UsedBits) - 1;

    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private int[] _words = new int[64 * Stride];
    private int _firstFree;
    private int _used = 1;

    public ChainBlocks(Ledger ledger)
    {
        _ledger = ledger;
        _type = ledger.Register("pte_chain", KernelSizeBytes);
    }

    /// <summary>Blocks in use.</summary>
    public int LiveCount { get; private set; }

    /// <summary>The next block of a chain, or 0.</summary>
    public int Next(int block) => _words[block * Stride] >> UsedBits;

    /// <summary>How many pointers a block holds.</summary>
    public int Used(int block) => _words[block * Stride] & UsedMask;

    /// <summary>The pointers a block holds; good until the next allocation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<int> Pointers(int block) => _words.AsSpan((block * Stride) + 1, Used(block));

    /// <summary>An empty block before another, or 0 if the allocation fails.</summary>
    public int Allocate(int next, AllocationContext context)
    {
        if (!_ledger.TryAllocate(_type, context))
        {
            return 0;
        }

        int block = _firstFree;
        if (block != 0)
        {
            _firstFree = Next(block);
        }
        else
        {
            block = _used++;
            if (block * Stride == _words.Length)
            {
                Array.Resize(ref _words, _words.Length * 2);
            }
        }

        Relink(block, next);
        LiveCount++;
        return block;
    }

    /// <summary>Gives a block back. Requires: it is empty.</summary>
    public void Free(int block)
    {
        Invariant.Require(Used(block) == 0);
        Relink(block, _firstFree);
        _firstFree = block;
        LiveCount--;
        _ledger.Release(_type);
    }

    /// <summary>Puts an empty block before another. Requires: it is empty.</summary>
    public void Relink(int block, int next)
    {
        Invariant.Require(next < int.MaxValue >> UsedBits);
        _words[block * Stride] = next << UsedBits;
    }

    /// <summary>Adds a pointer. Requires: the block is not full.</summary>
    public void Push(int block, int pointer)
    {
        int at = block * Stride;
        int used = _words[at] & UsedMask;
        Invariant.Require(used < PointerCount);
        _words[at + 1 + used] = pointer;
        _words[at]++;
    }

    /// <summary>Takes the last pointer out. Requires: the block is not empty.</summary>
    public int Pop(int block)
    {
        int at = block * Stride;
        int used = _words[at] & UsedMask;
        Invariant.Require(used > 0);
        _words[at]--;
        return _words[at + used];
    }
}
