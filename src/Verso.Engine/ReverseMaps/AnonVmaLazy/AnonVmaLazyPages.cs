using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>The page hooks of <see cref="AnonVmaLazyMap"/>.</summary>
public readonly struct AnonVmaLazyPages(AnonVmaLazyMap map)
    : IAdoptingHooks<AnonVmaLazyPages>, IMovingHooks<AnonVmaLazyPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Frames.Frame page = ref map.World.Frames[frame];
        page.Mapping = map.HomeOf(vma);
        page.Index = map.World.Vmas[vma].AnonPgoffAt(address);
    }

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) =>
        map.Moved(from, to, source, target);

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => map.World.Frames[frame].Mapping = map.HomeOf(vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        if (!DirectFolios.IsDirect(walk.Key))
        {
            map.Graph.Walk(walk, ref visitor);
            return;
        }

        ref Vma vma = ref map.World.Vmas[DirectFolios.VmaOf(walk.Key)];
        LockId held = LockId.Of(DirectFolios.VmaOf(walk.Key));
        map.World.Locks.Begin(held, LockMode.Read);
        _ = visitor.Visit(walk.In(vma, vma.AnonPgoff));
        map.World.Locks.End(held, LockMode.Read, 1);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A page that others may share was forked: all of them are linked to the oldest anon_vma.
    /// </remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
        Instantiate(frame, vma, address);
        int newest = map.Graph.NewestOf(vma);
        if (sharing == PageSharing.Shared && newest != 0)
        {
            map.World.Frames[frame].Mapping = map.Graph.RootOf(newest);
        }
    }
}
