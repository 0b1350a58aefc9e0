using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.MmAddressSpace;

/// <summary>The page hooks of <see cref="MmAddressSpaceMap"/>.</summary>
public readonly struct MmAddressSpacePages(MmAddressSpaceMap map) : IPageHooks
{
    /// <inheritdoc/>
    public static PageOwner Owner => PageOwner.PageTable;

    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) => Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Vma mapped = ref map.World.Vmas[vma];
        map.World.Frames[frame].Mapping = map.Spaces.Of(mapped.Mm);
        map.World.Frames[frame].Index = mapped.AnonPgoffAt(address);
    }

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range)
    {
    }

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason)
    {
    }

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) => Errno.None;

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
    }

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address)
    {
    }

    /// <inheritdoc/>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Frames.Frame page = ref map.World.Frames[frame];
        map.Spaces.Walk(page.Mapping, page.Index, ref visitor);
    }

    /// <inheritdoc/>
    public void Release(Pfn frame)
    {
    }

    /// <inheritdoc/>
    /// <remarks>Whoever may share it has it at the same offset of the same space.</remarks>
    public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        Instantiate(frame, vma, address);

    /// <inheritdoc/>
    public void Replace(Pfn old, Pfn fresh)
    {
    }

    /// <inheritdoc/>
    public FoundPage Find(VmaId vma, ulong address) => default;

    /// <inheritdoc/>
    public bool IsSole(Pfn frame, VmaId vma, ulong address) => false;

    /// <inheritdoc/>
    public void SwappedOut(Pfn frame, int slot)
    {
    }

    /// <inheritdoc/>
    public void Refilled(VmaId vma, ulong address, Pfn frame)
    {
    }
}
