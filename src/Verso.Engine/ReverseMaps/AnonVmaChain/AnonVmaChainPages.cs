using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>The page hooks of <see cref="AnonVmaChainMap"/> and of the policies around it.</summary>
public readonly struct AnonVmaChainPages(AnonVmaChainMap map)
    : IAdoptingHooks<AnonVmaChainPages>, IMovingHooks<AnonVmaChainPages>
{
    private AnonVmaGraph Graph => map.Graph;

    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Frames.Frame page = ref map.World.Frames[frame];
        page.Mapping = Graph.AnonVmaOf(vma);
        page.Index = map.World.Vmas[vma].AnonPgoffAt(address);
        Invariant.Require(page.Mapping != 0);
    }

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) =>
        map.Moved(from, to, source, target);

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => map.World.Frames[frame].Mapping = Graph.AnonVmaOf(vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => Graph.Walk(walk, ref visitor);

    /// <inheritdoc/>
    /// <remarks>
    /// A page that others may share goes to the oldest anon_vma, whose tree all of them are in.
    /// </remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
        Instantiate(frame, vma, address);
        if (sharing == PageSharing.Shared)
        {
            ref Frames.Frame page = ref map.World.Frames[frame];
            page.Mapping = Graph.RootOf(page.Mapping);
        }
    }
}
