namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>
/// <c>struct cow_context</c> of the 2026 proof of concept: what a folio remembers of the mm it began in.
/// </summary>
internal struct CowContext : IArenaSlot
{
    /// <summary>
    /// mm, parent (8 each), children and siblings (list_head, 16 each), a lock and a count (4 each), the maple tree of
    /// remaps (16), its lock (8 with padding), rcu_head (16); and the root (8), which the published form lacks.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(104, 60);

    /// <summary>1 for its mm, 1 for each child, 1 for each folio. 0 marks a free slot.</summary>
    public int RefCount;

    /// <summary>Its address space; none when that is gone.</summary>
    public MmId Mm;

    /// <summary>The context of the mm that fork copied; 0 after exec.</summary>
    public int Parent;

    /// <summary>The oldest ancestor: whoever may ever share a page with this one is below it.</summary>
    public int Root;

    public int FirstChild;
    public int NextSibling;
    public int PreviousSibling;

    /// <summary>Top of the tree of remapped ranges; see <see cref="RemapTable"/>.</summary>
    public int Remaps;

    int IArenaSlot.NextFree { readonly get => Parent; set => Parent = value; }
}
