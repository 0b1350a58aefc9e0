using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>The page hooks of <see cref="AnonmmMap"/>.</summary>
public readonly struct AnonmmPages(AnonmmMap map)
    : IAdoptingHooks<AnonmmPages>, IReservingHooks<AnonmmPages>, IEntryHooks<AnonmmPages>, IReleasingHooks<AnonmmPages>,
      IReplacingHooks<AnonmmPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason == ReserveReason.SwapIn ? map.BeforeSwapIn(range) : Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) => map.Instantiate(frame, vma, address);

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range) => map.Moved?.Mapped(range);

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason) => map.Moved?.Unmapped(range);

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) =>
        map.Moved?.Copied(target) ?? Errno.None;

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
        map.Moved?.Follow(source, target);
        map.Copies?.Readdress(source, target);
    }

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => map.Adopt(frame, vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void Release(Pfn frame) => map.Release(frame);

    /// <inheritdoc/>
    /// <remarks>
    /// It names the mm that was the first to want it back, which need not be the oldest: all of a list are tried.
    /// </remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        map.Instantiate(frame, vma, address);

    /// <inheritdoc/>
    public void Replace(Pfn old, Pfn fresh) => map.Moved?.Replace(old, fresh);
}
