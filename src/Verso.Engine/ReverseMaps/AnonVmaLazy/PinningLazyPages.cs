using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>
/// The page hooks of <see cref="AnonVmaLazyMap"/> where a folio holds a reference to the VMA that it names.
/// </summary>
public readonly struct PinningLazyPages(AnonVmaLazyMap map)
    : IAdoptingHooks<PinningLazyPages>, IMovingHooks<PinningLazyPages>, IReleasingHooks<PinningLazyPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) => map.Instantiate(frame, vma, address);

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) =>
        map.Moved(from, to, source, target);

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => map.Adopt(frame, vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        map.SwappedIn(frame, vma, address, sharing);

    /// <inheritdoc/>
    public void Release(Pfn frame) => map.Pins!.Put(map.World.Frames[frame].Mapping);
}
