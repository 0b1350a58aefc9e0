namespace Verso.Engine.Vmas;

/// <summary>
/// One <c>vm_area_struct</c>, without what belongs to a reverse-map design: a design keeps that in side arrays by
/// <see cref="VmaId"/>.
/// </summary>
public struct Vma
{
    /// <summary>First byte address; page aligned.</summary>
    public ulong Start;

    /// <summary>One past the last byte address; page aligned.</summary>
    public ulong End;

    /// <summary>
    /// <c>vm_pgoff</c> in pages: of the file, or, for anonymous memory, what the design's Place gave.
    /// </summary>
    public ulong Pgoff;

    /// <summary>
    /// The anonymous page offset (since 7.3): by which pages of its own are indexed, in pages. Where the rules have no
    /// such thing, and of all that is neither a private file mapping nor moved, it is <see cref="Pgoff"/>.
    /// </summary>
    public ulong AnonPgoff;

    public VmaFlags Flags;

    public MmId Mm;

    /// <summary>The open file, or none for anonymous memory. Shared anonymous memory has an internal file.</summary>
    public FileId File;

    /// <summary>Memory policy, 0 the default. Merging needs equal ones.</summary>
    public int Policy;

    /// <summary>Userfaultfd context, 0 none. Merging needs equal ones.</summary>
    public int UserfaultContext;

    /// <summary>The name of an anonymous VMA (PR_SET_VMA_ANON_NAME), 0 none. Merging needs equal ones.</summary>
    public int Name;

    /// <summary>
    /// An anon_vma has been prepared for this VMA (<c>vma->anon_vma != NULL</c> in Linux): set by the first private
    /// write,
    /// inherited by split, copy, fork and merge. All designs share it for the rules of mprotect, mremap and fork that
    /// ask for it, whatever they keep themselves.
    /// </summary>
    public bool Prepared;

    /// <summary>mlock and munlock leave it as it is: secret memory.</summary>
    public bool NeverLocked;

    /// <summary>Its driver lets nobody split it (vm_ops->may_split).</summary>
    public bool NeverSplit;

    /// <summary>A driver's close operation exists: such a VMA is never deleted by a merge.</summary>
    public bool HasClose;

    /// <summary>No file behind it.</summary>
    public readonly bool IsAnonymous => File.IsNone;

    /// <summary>
    /// The kernel's own pages at an address of the program's: [vdso], [vvar], [uprobes]. No file is behind it, and yet
    /// it is not anonymous: it cannot be split, and its page offset stays where it is
    /// (<c>special_mapping_vmops</c>, mm/mmap.c). Nothing else without a file has VM_DONTEXPAND, which it always has.
    /// </summary>
    public readonly bool IsSpecialMapping => File.IsNone && (Flags & VmaFlags.DontExpand) != 0;

    /// <summary>vm_ops->may_split refuses, everywhere or but for borders of huge pages.</summary>
    public readonly bool IsHardToSplit => NeverSplit || IsSpecialMapping || (Flags & VmaFlags.HugeTlb) != 0;

    public readonly bool IsShared => (Flags & VmaFlags.Shared) != 0;

    public readonly ulong Length => End - Start;

    public readonly ulong Pages => (End - Start) >> Page.Shift;

    /// <summary>linear_page_index: the pgoff of an address inside the VMA (or of its end).</summary>
    public readonly ulong PgoffAt(ulong address) => Pgoff + ((address - Start) >> Page.Shift);

    /// <summary>
    /// linear_anon_page_index: the index of the VMA's own page at an address inside it (or at its end).
    /// </summary>
    public readonly ulong AnonPgoffAt(ulong address) => AnonPgoff + ((address - Start) >> Page.Shift);
}
