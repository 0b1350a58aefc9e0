using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>The page hooks of <see cref="ReflinkMap"/>.</summary>
public readonly struct ReflinkPages(ReflinkMap map) : IObjectHooks<ReflinkPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason switch
        {
            ReserveReason.Instantiate => map.Extents.ReserveForPage(),
            ReserveReason.Map => map.Follow(vma, range.Address),
            _ => Errno.None,
        };

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) =>
        map.Extents.Put(vma, address >> Page.Shift, frame);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Extents.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void Replace(Pfn old, Pfn fresh) => map.Extents.Replace(old, fresh);

    /// <inheritdoc/>
    public FoundPage Find(VmaId vma, ulong address) =>
        map.Extents.Find(map.World.Vmas[vma].Mm, address >> Page.Shift);

    /// <inheritdoc/>
    public bool IsSole(Pfn frame, VmaId vma, ulong address) => map.Extents.IsSole(frame);

    /// <inheritdoc/>
    public void SwappedOut(Pfn frame, int slot) => map.Extents.MoveToSwap(frame, slot);

    /// <inheritdoc/>
    public void Refilled(VmaId vma, ulong address, Pfn frame) =>
        map.Extents.Refill(map.World.Vmas[vma].Mm, address >> Page.Shift, frame);
}
