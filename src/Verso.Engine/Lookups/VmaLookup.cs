using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Lookups;

/// <summary>
/// A way to hold sets of VMAs and to find those that cover a page offset: list or tree. A VMA is in one set at most, so
/// its place is kept in an array by VMA, as the kernel keeps it in the VMA: adding allocates no kernel object.
/// </summary>
internal abstract class VmaLookup(World world, SortedBy by)
{
    /// <summary>
    /// Whether a VMA's place depends on its page offsets, so that it must be taken out while they change.
    /// </summary>
    public abstract bool IsSorted { get; }

    /// <summary>
    /// VMAs that walks have dismissed since the machine began, because they cover none of the page offsets. The steps
    /// that a tree takes on its way down are none.
    /// </summary>
    public long Passed { get; protected set; }

    protected World World => world;

    /// <summary>The page offset at which a VMA stands in its set.</summary>
    protected ulong OffsetOf(in Vma vma) => by == SortedBy.OwnPages ? vma.AnonPgoff : vma.Pgoff;

    /// <summary>The lookup of this name, as options of designs have it: list, prio-tree or interval-tree.</summary>
    public static VmaLookup Named(string name, World world, SortedBy by) => name switch
    {
        "list" => new VmaList(world, by),
        "prio-tree" => new VmaPrioTree(world, by),
        _ => new VmaIntervalTree(world, by),
    };

    /// <summary>Adds a VMA with the bounds it has now. Requires: it is in no set.</summary>
    public abstract void Add(ref LookupRoot root, VmaId vma);

    /// <summary>Requires: it is in this set.</summary>
    public abstract void Remove(ref LookupRoot root, VmaId vma);

    /// <summary>
    /// Offers the place in every VMA of the set that covers a page offset of the walk, until the visitor stops. Returns
    /// how many the visitor was told of, offered or dismissed.
    /// </summary>
    public abstract long Walk<TVisitor>(LookupRoot root, in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor;

    /// <summary>Lists every VMA of the set; the first broken invariant of its structure as text, or null.</summary>
    public abstract string? Audit(LookupRoot root, List<VmaId> members);

    /// <summary>Offers the place in a VMA that covers a page offset of the walk.</summary>
    protected WalkStep Offer<TVisitor>(VmaId id, in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Vma vma = ref world.Vmas[id];
        return visitor.Visit(walk.In(vma, OffsetOf(vma)));
    }

    /// <summary>An array by VMA, long enough for this one.</summary>
    protected void Fit<T>(ref T[] byVma, VmaId vma)
    {
        if (vma.Value >= byVma.Length)
        {
            Array.Resize(ref byVma, Math.Max(world.Vmas.Capacity, vma.Value + 1));
        }
    }
}

/// <summary>Whose page offsets a set goes by.</summary>
internal enum SortedBy
{
    /// <summary>Those of a VMA's anonymous pages.</summary>
    OwnPages = 0,

    /// <summary>Those of its file.</summary>
    FilePages = 1,
}

/// <summary>Where a set begins; all zero is the empty set.</summary>
internal struct LookupRoot
{
    /// <summary>The first VMA of a list, the top of a tree; 0 where empty.</summary>
    public int Top;

    /// <summary>Of a priority search tree: page offsets are below 2 to this power.</summary>
    public int Bits;
}
