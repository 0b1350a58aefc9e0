using Verso.Engine.Vmas;
using Trees = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.AnonVmaChain.AnonVmaChainLink, Verso.Engine.ReverseMaps.AnonVmaChain.LinksByPgoff>;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

// rmap_walk_anon: from a folio's anon_vma and index to the addresses that may map it.
internal sealed partial class AnonVmaGraph
{
    /// <summary>
    /// Offers (mm, address) of every VMA in the anon_vma's tree that covers the page offset, until the visitor stops.
    /// </summary>
    public void Walk<TVisitor>(int anonVma, ulong pgoff, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        LockId root = LockOf(anonVma);
        _world.Locks.Begin(root, LockMode.Read);
        Span<int> stack = stackalloc int[Trees.MaxDepth];
        int depth = 0;
        if (_anonVmas[anonVma].Tree != 0)
        {
            stack[depth++] = _anonVmas[anonVma].Tree;
        }

        long visited = 0;
        for (int link = Trees.Next(_links.Slots, stack, ref depth, pgoff);
             link != 0;
             link = Trees.Next(_links.Slots, stack, ref depth, pgoff))
        {
            ref Vma vma = ref _world.Vmas[_links[link].Vma];
            visited++;
            ulong address = vma.Start + ((pgoff - vma.AnonPgoff) << Page.Shift);
            if (visitor.Visit(vma.Mm, address) == WalkStep.Stop)
            {
                break;
            }
        }

        _world.Locks.End(root, LockMode.Read, visited);
    }
}
