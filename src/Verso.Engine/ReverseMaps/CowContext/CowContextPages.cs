using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>The page hooks of <see cref="CowContextMap"/>.</summary>
public readonly struct CowContextPages(CowContextMap map)
    : IAdoptingHooks<CowContextPages>, IReservingHooks<CowContextPages>, IReleasingHooks<CowContextPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason == ReserveReason.Map ? Errno.None : map.Reserve(vma, range.Address);

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) => map.Begin(frame, vma, address);

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => map.Adopt(frame, vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void Release(Pfn frame) => map.Contexts.Put(map.World.Frames[frame].Mapping);

    /// <inheritdoc/>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        map.SwappedIn(frame, vma, address, sharing);
}
