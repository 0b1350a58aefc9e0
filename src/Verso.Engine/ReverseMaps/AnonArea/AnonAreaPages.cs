namespace Verso.Engine.ReverseMaps.AnonArea;

/// <summary>The page hooks of <see cref="AnonAreaMap"/>.</summary>
public readonly struct AnonAreaPages(AnonAreaMap map) : IAdoptingHooks<AnonAreaPages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Frames.Frame page = ref map.World.Frames[frame];
        page.Mapping = map.Areas[vma];
        page.Index = map.World.Vmas[vma].AnonPgoffAt(address);
        Invariant.Require(page.Mapping != 0);
    }

    /// <inheritdoc/>
    /// <remarks>A page is only ever mapped in VMAs of its own area, so there is none to move it to.</remarks>
    public void Adopt(Pfn frame, VmaId vma, ulong address) =>
        Invariant.Require(map.World.Frames[frame].Mapping == map.Areas[vma]);

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Areas.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        Instantiate(frame, vma, address);
}
