using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>The page hooks of <see cref="AddressSpaceTreeMap"/>.</summary>
public readonly struct AddressSpaceTreePages(AddressSpaceTreeMap map) : IObjectHooks<AddressSpaceTreePages>
{
    private SpaceTree Tree => map.Tree;

    /// <inheritdoc/>
    public ReverseMap Design => map;

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) =>
        reason == ReserveReason.Instantiate ? Tree.MakeWritable(vma) : Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address) =>
        Tree.Instantiate(frame, vma, map.World.Vmas[vma].PgoffAt(address));

    /// <inheritdoc/>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => Tree.Walk(walk, ref visitor);

    /// <inheritdoc/>
    public void Replace(Pfn old, Pfn fresh) => Tree.Replace(old, fresh);

    /// <inheritdoc/>
    public FoundPage Find(VmaId vma, ulong address) => Tree.LookUp(vma, map.World.Vmas[vma].PgoffAt(address));

    /// <inheritdoc/>
    public bool IsSole(Pfn frame, VmaId vma, ulong address) =>
        map.World.Frames[frame].Mapping == Tree.SpaceOf(vma) && Tree.Owns(vma);

    /// <inheritdoc/>
    public void SwappedOut(Pfn frame, int slot) => Tree.SwapOut(frame, slot);

    /// <inheritdoc/>
    public void Refilled(VmaId vma, ulong address, Pfn frame) =>
        Tree.SwapIn(vma, map.World.Vmas[vma].PgoffAt(address), frame);
}
