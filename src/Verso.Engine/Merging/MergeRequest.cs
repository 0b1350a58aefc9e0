namespace Verso.Engine.Vmas;

/// <summary>A range that wants to become part of a neighbour (<c>struct vma_merge_struct</c>).</summary>
internal record struct MergeRequest
{
    public required Mm Mm;

    /// <summary>The VMA below the range; it need not touch it.</summary>
    public VmaId Prev;

    /// <summary>The VMA the range is (part of), if it is one already.</summary>
    public VmaId Middle;

    /// <summary>The VMA above the range; it need not touch it.</summary>
    public VmaId Next;

    public ulong Start;
    public ulong End;

    /// <summary>Page offset of <see cref="Start"/>.</summary>
    public ulong Pgoff;

    /// <summary>Anonymous page offset of <see cref="Start"/>.</summary>
    public ulong AnonPgoff;

    public VmaFlags Flags;
    public FileId File;
    public int Policy;
    public int UserfaultContext;
    public int Name;

    /// <summary>The VMA whose anonymous state the range carries; none for a fresh range.</summary>
    public VmaId StateOf;

    /// <summary>Where that state is now, a byte address: <see cref="Start"/> unless mremap copies.</summary>
    public ulong StateStart;

    /// <summary>How many pages carry it: all, unless mremap grows what it copies or extends; then the first.</summary>
    public ulong StatePages;

    /// <summary>The VMA that mremap copies; else none.</summary>
    public VmaId CopiedFrom;

    /// <summary>Its length in pages.</summary>
    public readonly ulong Pages => (End - Start) >> Page.Shift;

    /// <summary>A fresh range of an address space, between its neighbours.</summary>
    public static MergeRequest Fresh(Mm mm, (VmaId Prev, VmaId Next) around, ulong start, ulong end) => new()
    {
        Mm = mm,
        Prev = around.Prev,
        Next = around.Next,
        Start = start,
        End = end,
    };

    /// <summary>A range with the attributes of a VMA.</summary>
    public static MergeRequest Like(Mm mm, in Vma vma, VmaId id, ulong start, ulong end) => new()
    {
        Mm = mm,
        Start = start,
        End = end,
        StateStart = start,
        StatePages = (end - start) >> Page.Shift,
        Pgoff = vma.Pgoff,
        AnonPgoff = vma.AnonPgoff,
        Flags = vma.Flags,
        File = vma.File,
        Policy = vma.Policy,
        UserfaultContext = vma.UserfaultContext,
        Name = vma.Name,
        StateOf = id,
    };
}

/// <summary>What came of a merge attempt.</summary>
internal enum MergeOutcome
{
    /// <summary>Nothing to merge with.</summary>
    NoMerge = 0,
    Merged = 1,

    /// <summary>It could have merged, but an allocation failed.</summary>
    OutOfMemory = 2,
}
