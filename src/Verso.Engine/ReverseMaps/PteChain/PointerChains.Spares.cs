namespace Verso.Engine.ReverseMaps.PteChain;

// Blocks allocated ahead, while sleeping is allowed: pte_chain_alloc(GFP_KERNEL) at the head of every fault path of
// 2.5.
internal sealed partial class PointerChains
{
    private int _spares;
    private int _spareCount;

    /// <summary>Sees to so many spare blocks.</summary>
    public Errno Reserve(int blocks)
    {
        while (_spareCount < blocks)
        {
            int block = _blocks.Allocate(_spares, AllocationContext.Sleeping);
            if (block == 0)
            {
                return Errno.ENOMEM;
            }

            _spares = block;
            _spareCount++;
        }

        return Errno.None;
    }

    /// <summary>Frees the spares that were not needed (pte_chain_free).</summary>
    public void ReturnSpares()
    {
        while (_spareCount > 0)
        {
            int block = _spares;
            _spares = _blocks[block].Next;
            _spareCount--;
            _blocks.Free(block);
        }
    }

    private int TakeBlock(int next, AllocationContext context)
    {
        if (_spareCount == 0)
        {
            return _blocks.Allocate(next, context);
        }

        int block = _spares;
        _spares = _blocks[block].Next;
        _spareCount--;
        _blocks[block].Begin(next);
        return block;
    }
}
