namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>A run of pages that mappings refer to: the unit that fork shares.</summary>
/// <remarks>
/// <code>
///   extent 3   First 0x7f10, Length 4          slots   [A] [B] [ ] [D]        A, B, D: frame or swap slot
///   references by page    |--- mm 1 ---|               (0x7f10..0x7f13)
///                             |- mm 2 -|               (0x7f11..0x7f13, at another address there)
/// </code>
/// A page keeps its number for life, wherever it is mapped: a reference says how far away that is. A file is one
/// extent, as long as it may be, which costs nothing: the root of its tree and its lock are those that i_mmap has.
/// </remarks>
internal struct Extent : IArenaSlot
{
    /// <summary>
    /// What a kernel would need: a rwsem (40), the root of the tree of references (8), first page (8), length and count
    /// (8), a pointer to the slots (8).
    /// </summary>
    public static KernelSize KernelSize { get; } = new(72, 44);

    /// <summary>
    /// A kernel's slot: a folio or a swap entry. An extent has them from the first fork on until one reference is left:
    /// then and before, one page table knows as much. Freed whole, it keeps them, for pages that no page table has.
    /// </summary>
    public static KernelSize KernelSlot { get; } = new(8, 4);

    /// <summary>Pages of the longest: what one page table maps.</summary>
    public const int LengthMax = 512;

    /// <summary>Number of the first page.</summary>
    public ulong First;

    /// <summary>Slots in use.</summary>
    public int Length;

    /// <summary>A fork has shared it, so it has slots in the ledger; until one reference is left.</summary>
    public bool IsShared;

    /// <summary>Where its slots begin in the arena.</summary>
    public int Slots;

    /// <summary>There is room for 1 &lt;&lt; this many slots.</summary>
    public int RoomShift;

    /// <summary>Top of the tree of its references by page; 0 where there is none.</summary>
    public int References;

    /// <summary>How many there are; 0 marks a free extent.</summary>
    public int ReferenceCount;

    /// <summary>
    /// The file that this extent is, by its handle: its pages are those of the file, its slots the page cache. 0 of
    /// anonymous memory.
    /// </summary>
    public int Inode;

    /// <summary>One past the last page.</summary>
    public readonly ulong End => First + (ulong)Length;

    int IArenaSlot.NextFree { readonly get => Slots; set => Slots = value; }
}

/// <summary>
/// A mapping's use of part of an extent: pages [ByAddress.First, ByAddress.Last] of an address space are pages
/// [ByPage.First, ByPage.Last] of the extent. A node of two trees.
/// </summary>
internal struct ExtentReference : IArenaSlot
{
    /// <summary>
    /// What a kernel would need: a tree node by address (24; nothing overlaps there), an augmented one by page (32),
    /// pointers to mm and extent (16), first address, first page and length (24).
    /// </summary>
    public static KernelSize KernelSize { get; } = new(96, 48);

    /// <summary>What one takes of the host, with the room that an arena keeps to grow.</summary>
    public const int HeldBytes = 128;

    public MmId Mm;

    public int Extent;

    /// <summary>Its place among the references of its address space, by page number of the address.</summary>
    public IntervalLinks ByAddress;

    /// <summary>Its place among the references of its extent.</summary>
    public IntervalLinks ByPage;

    /// <summary>The page of the extent that a page of the address space is.</summary>
    public readonly ulong PageOf(ulong at) => at - ByAddress.First + ByPage.First;

    int IArenaSlot.NextFree { readonly get => Extent; set => Extent = value; }
}

/// <summary>The references of an address space.</summary>
internal readonly struct ReferencesByAddress : IIntervalLinksOf<ExtentReference>
{
    public static ref IntervalLinks In(ref ExtentReference node) => ref node.ByAddress;
}

/// <summary>The references of an extent.</summary>
internal readonly struct ReferencesByPage : IIntervalLinksOf<ExtentReference>
{
    public static ref IntervalLinks In(ref ExtentReference node) => ref node.ByPage;
}
