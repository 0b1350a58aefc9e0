using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>The page hooks of <see cref="PteChainMap"/>.</summary>
/// <remarks>The head of an anonymous frame's chain is its mapping: migration needs no hook.</remarks>
public readonly struct PteChainPages(PteChainMap map)
    : IReservingHooks<PteChainPages>, IEntryHooks<PteChainPages>, IReleasingHooks<PteChainPages>
{
    private readonly PteChains _chains = map.Chains;

    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        _chains.Reserve(vma, range.Count, reason);

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range) => _chains.Mapped(range);

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason) => _chains.Unmapped(range);

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) => _chains.Copied(target);

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) => _chains.Moved(source, target);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => _chains.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void Release(Pfn frame) => _chains.Release(frame);
}
