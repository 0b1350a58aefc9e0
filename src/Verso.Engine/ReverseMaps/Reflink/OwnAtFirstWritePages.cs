using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>The page hooks of <see cref="OwnAtFirstWriteMap"/>.</summary>
public readonly struct OwnAtFirstWritePages(OwnAtFirstWriteMap map)
    : INamingHooks<OwnAtFirstWritePages>, IReservingHooks<OwnAtFirstWritePages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason == ReserveReason.Instantiate ? map.Own(vma) : Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) =>
        Name(frame, vma, address, map.Graph.AnonVmaOf(vma));

    /// <inheritdoc/>
    /// <remarks>The oldest anon_vma is the one that all who may share the page are linked to.</remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        Name(frame, vma, address, map.Graph.RootOf(map.Graph.NewestOf(vma)));

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Graph.Walk(walk, ref visitor);

    private void Name(Pfn frame, VmaId vma, ulong address, int anonVma)
    {
        Invariant.Require(anonVma != 0);
        ref Frames.Frame page = ref map.World.Frames[frame];
        page.Mapping = anonVma;
        page.Index = map.World.Vmas[vma].AnonPgoffAt(address);
    }
}
