namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary><c>struct anon_vma</c> (include/linux/rmap.h): what a folio points to and VMAs are linked to.</summary>
internal struct AnonVma : IArenaSlot
{
    /// <summary>sizeof(struct anon_vma) on 6.18.44; its slab slot is 104.</summary>
    public static KernelSize KernelSize { get; } = new(96, 52);

    /// <summary>What one takes of the host, with the room that an arena keeps to grow.</summary>
    public const int HeldBytes = 64;

    /// <summary>
    /// The oldest ancestor, whose lock is the only one taken; itself for a root. 0 marks a free slot.
    /// </summary>
    public int Root;

    /// <summary>The anon_vma of the VMA that fork copied; itself for a root.</summary>
    public int Parent;

    /// <summary>1 while it is linked, and 1 for every other anon_vma of which it is the root.</summary>
    public int RefCount;

    /// <summary><c>num_children</c>: anon_vmas whose parent this is; a root counts itself.</summary>
    public int ChildCount;

    /// <summary><c>num_active_vmas</c>: VMAs whose own anon_vma this is.</summary>
    public int ActiveVmaCount;

    /// <summary>Top of the interval tree of its chains; 0 where it is empty.</summary>
    public int Tree;

    int IArenaSlot.NextFree { readonly get => Parent; set => Parent = value; }
}

/// <summary><c>struct anon_vma_chain</c>: one link between a VMA and an anon_vma.</summary>
/// <remarks>
/// It is a node of two structures: the doubly linked list of its VMA, and the tree of its anon_vma, ordered by
/// (first page offset, handle) and augmented with the greatest last page offset below.
/// </remarks>
internal struct AnonVmaChainLink : IArenaSlot
{
    /// <summary>sizeof(struct anon_vma_chain).</summary>
    public static KernelSize KernelSize { get; } = new(64, 32);

    public VmaId Vma;
    public int AnonVma;

    /// <summary>Towards the older end of the VMA's list; 0 at its tail.</summary>
    public int Older;

    /// <summary>Towards the newer end; 0 at its head.</summary>
    public int Newer;

    /// <summary>Its place in the tree, by the page offsets of the VMA when it was linked.</summary>
    public IntervalLinks Tree;

    int IArenaSlot.NextFree { readonly get => Older; set => Older = value; }
}

/// <summary>The tree of an anon_vma.</summary>
internal readonly struct LinksByPgoff : IIntervalLinksOf<AnonVmaChainLink>
{
    public static ref IntervalLinks In(ref AnonVmaChainLink node) => ref node.Tree;
}
