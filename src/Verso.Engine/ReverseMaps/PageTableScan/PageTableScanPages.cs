namespace Verso.Engine.ReverseMaps.PageTableScan;

/// <summary>The page hooks of <see cref="PageTableScanMap"/>.</summary>
public readonly struct PageTableScanPages(PageTableScanMap map) : IPageHooks<PageTableScanPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => PageTableScanner.Walk(map.World, walk, ref visitor);
}
