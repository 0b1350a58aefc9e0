using System.Runtime.CompilerServices;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>
/// <c>struct address_space</c> with what the mail adds: a parent, children, and the VMAs that use it directly.
/// </summary>
internal struct AddressSpace : IArenaSlot
{
    /// <summary>
    /// 64 bytes in include/linux/fs.h of 2.3.99-pre6 on a 64-bit machine (pages 16, nrpages 8, a_ops 8, host 8, i_mmap
    /// 8, i_mmap_shared 8, i_shared_lock 8), and 56 more: parent 8, list of children 16, place in that list 16, limit
    /// 16. A file's is part of its inode.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(120, 60);

    /// <summary>Where what is not here is looked for; 0 for a root.</summary>
    public int Parent;

    /// <summary>The limit of the edge: pages [First, End) are looked for in the parent, and no others.</summary>
    public ulong First;

    /// <summary>One past the limit; equal to <see cref="First"/> for a root.</summary>
    public ulong End;

    /// <summary>Handle of the inode whose pages are at the root of the tree; 0 for anonymous memory.</summary>
    public int File;

    public int FirstChild;
    public int NextSibling;
    public int PreviousSibling;
    public int ChildCount;

    /// <summary>The VMAs that use it directly.</summary>
    public VmaId FirstVma;
    public int VmaCount;

    /// <summary>Of them, those that may write into it.</summary>
    public int OwnerCount;

    /// <summary>Its pages and holes, newest first. A file's pages are in its page cache.</summary>
    public int FirstEntry;
    public int EntryCount;

    /// <summary>Entries inside the limit: when they fill it, the parent is no longer needed.</summary>
    public ulong CoveredCount;

    /// <summary>No entry has a lower index.</summary>
    public ulong Lowest;

    /// <summary>No entry has this index or a higher one.</summary>
    public ulong Above;

    /// <summary>The hint: bit i is set if some entry may have an index that is i modulo 64.</summary>
    public ulong Summary;

    public bool IsLive;

    /// <summary>
    /// Of a file's space: pages of the file may show below spaces that hold a page at the same index, through a hole or
    /// beyond a limit.
    /// </summary>
    public bool ShowsThrough;

    int IArenaSlot.NextFree { readonly get => NextSibling; set => NextSibling = value; }

    /// <summary>The space of a file itself.</summary>
    public readonly bool IsFile => File != 0 && Parent == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsWithinLimit(ulong index) => index >= First && index < End;
}

/// <summary>What a VMA has of this design.</summary>
internal struct VmaLink
{
    /// <summary>The space it points to; 0 while it has none.</summary>
    public int Space;

    public VmaId Next;
    public VmaId Previous;
    public LinkFlags Flags;
}

/// <summary>Flags of a VMA.</summary>
[Flags]
internal enum LinkFlags : byte
{
    None = 0,

    /// <summary>The flag of the mail: the first private write makes a new space.</summary>
    Copies = 1 << 0,

    /// <summary>mremap had it: another VMA may use the same pages of the space.</summary>
    Aliased = 1 << 1,

    /// <summary>mremap made it, and has not yet said how much it carries.</summary>
    Arriving = 1 << 2,
}

/// <summary>The optimisations of the mail, and merging across an edge, each a switch.</summary>
internal readonly record struct TreeSwitches(bool Cuts, bool Merges, bool Hints, bool Widens);
