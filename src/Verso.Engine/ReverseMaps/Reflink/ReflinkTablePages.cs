using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>
/// The page hooks of <see cref="ReflinkMap"/> where page tables own the pages: an extent says only what a folio's
/// number is, and references, who maps it where.
/// </summary>
public readonly struct ReflinkTablePages(ReflinkMap map)
    : INamingHooks<ReflinkTablePages>, IReservingHooks<ReflinkTablePages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason == ReserveReason.Instantiate ? map.Extents.ReserveForPage() : Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) =>
        map.Extents.Put(vma, address >> Page.Shift, frame);

    /// <inheritdoc/>
    /// <remarks>The references were kept, of all who have the swap entry: it has its number again.</remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        map.Extents.Refill(map.World.Vmas[vma].Mm, address >> Page.Shift, frame);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Extents.Walk(walk, ref visitor);
}
