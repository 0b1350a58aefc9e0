using Verso.Engine.Vmas;
using Trees = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.AnonVmaChain.AnonVmaChainLink, Verso.Engine.ReverseMaps.AnonVmaChain.LinksByPgoff>;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

// rmap_walk_anon: from a folio's anon_vma and index to the addresses that may map it.
internal sealed partial class AnonVmaGraph
{
    /// <summary>What a walk has yet to look at: as a local it would be cleared for each (8 ns).</summary>
    private readonly int[] _stack = new int[Trees.MaxDepth];

    /// <summary>
    /// Offers the place in every VMA of the anon_vma's tree that covers a page offset, until the visitor stops.
    /// </summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int anonVma = walk.Key;
        LockId root = LockOf(anonVma);

        // folio_lock_anon_vma_read: up to the lock the anon_vma may go, but its slab page may not.
        _world.Locks.Take(LockId.Rcu, LockMode.Read, 1);
        _world.Locks.Begin(root, LockMode.Read);
        ulong first = walk.First;
        ulong last = walk.Last;
        Span<int> stack = _stack;
        int depth = 0;
        if (_anonVmas[anonVma].Tree != 0)
        {
            stack[depth++] = _anonVmas[anonVma].Tree;
        }

        long visited = 0;
        for (int link = Trees.Next(_links.Slots, stack, ref depth, first, last);
             link != 0;
             link = Trees.Next(_links.Slots, stack, ref depth, first, last))
        {
            ref Vma vma = ref _world.Vmas[_links[link].Vma];
            visited++;
            if (visitor.Visit(walk.In(vma, vma.AnonPgoff)) == WalkStep.Stop)
            {
                break;
            }
        }

        _world.Locks.End(root, LockMode.Read, visited);
    }
}
