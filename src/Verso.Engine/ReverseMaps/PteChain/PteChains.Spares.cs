namespace Verso.Engine.ReverseMaps.PteChain;

// Blocks allocated ahead, while sleeping is allowed: pte_chain_alloc(GFP_KERNEL) at the head of every fault path of
// 2.5.
internal sealed partial class PteChains
{
    private int _spares;
    private int _spareCount;

    /// <summary>
    /// Sees to a spare block for each entry that will be mapped. A fresh anonymous page needs none: it is mapped once.
    /// </summary>
    public Errno Reserve(VmaId vma, int entries, ReserveReason reason)
    {
        bool needsNone = reason switch
        {
            ReserveReason.Instantiate => !TracksFiles || _world.Vmas[vma].File.IsNone,
            ReserveReason.Map => !TracksFiles,
            _ => false,
        };
        if (needsNone)
        {
            return Errno.None;
        }

        while (_spareCount < entries)
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
