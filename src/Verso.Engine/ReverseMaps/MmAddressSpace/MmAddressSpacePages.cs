using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.MmAddressSpace;

/// <summary>The page hooks of <see cref="MmAddressSpaceMap"/>.</summary>
public readonly struct MmAddressSpacePages(MmAddressSpaceMap map) : INamingHooks<MmAddressSpacePages>
{
    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Vma mapped = ref map.World.Vmas[vma];
        map.World.Frames[frame].Mapping = map.Spaces.Of(mapped.Mm);
        map.World.Frames[frame].Index = mapped.AnonPgoffAt(address);
    }

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => map.Spaces.Walk(walk, ref visitor);

    /// <inheritdoc/>
    /// <remarks>Whoever may share it has it at the same offset of the same space.</remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        Instantiate(frame, vma, address);
}
