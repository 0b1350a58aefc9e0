namespace Verso.Engine;

/// <summary>What a lock protects, and so what its owner is. A lock is one of a class: <see cref="LockId"/>.</summary>
/// <remarks>
/// <para>
/// In the order in which they may be taken, which is that of the head of mm/rmap.c of 6.18, with the locks of designs
/// that Linux has not where their counterparts are. Holding one, a task may take only what is further in:
/// </para>
/// <code>
///   mmap_lock                                Mmap
///     vma_start_write, vma_start_read          Vma
///       mapping->i_mmap_rwsem                    FileMap
///         anon_vma->rwsem                          AnonVmaRoot, or what a design has in its place, Rcu too
///           page_table_lock, pte_lock                PageTable
///             pte_chain_lock (2.5)                     Page
/// </code>
/// <para>
/// Of one class only AnonVmaRoot is ever taken twice, by ascending owner; see <see cref="LockOrder"/>.
/// </para>
/// </remarks>
public enum LockClass : byte
{
    /// <summary><c>mm->mmap_lock</c>. Owner: <see cref="MmId"/>.</summary>
    Mmap = 0,

    /// <summary>The lock of a VMA that folios name (anon-vma-lazy). Owner: <see cref="VmaId"/>.</summary>
    Vma = 1,

    /// <summary><c>mapping->i_mmap_rwsem</c> of a file. Owner: the inode's handle.</summary>
    FileMap = 2,

    /// <summary>The rwsem of a root <c>anon_vma</c>, for its whole family. Owner: the root's handle.</summary>
    AnonVmaRoot = 3,

    /// <summary><c>anon_vma->lock</c> of 2.6.7. Owner: its handle.</summary>
    AnonVma = 4,

    /// <summary>The lock of an anon_area's list. Owner: its handle.</summary>
    AnonArea = 5,

    /// <summary><c>anonhd->lock</c>, of the head of a list of anonmms. Owner: the head's handle.</summary>
    AnonmmHead = 6,

    /// <summary>The i_mmap_rwsem that a family's address_space has. Owner: its handle.</summary>
    FamilySpace = 7,

    /// <summary><c>i_shared_lock</c> of a space in a tree of address_spaces. Owner: its handle.</summary>
    AddressSpace = 8,

    /// <summary><c>list_write_lock</c>, of a cow_context's children. Owner: the context's handle.</summary>
    CowContext = 9,

    /// <summary>The lock of a cow_context's table of remaps. Owner: the context's handle.</summary>
    CowRemaps = 10,

    /// <summary>The rwsem of an extent's references. Owner: its handle.</summary>
    Extent = 11,

    /// <summary>A lock of a design that has no class of its own. Owner: what the design chooses.</summary>
    Other = 12,

    /// <summary>The lock of a leaf page table. Owner: the table.</summary>
    PageTable = 13,

    /// <summary>A bit spinlock in <c>struct page</c>. Owner: <see cref="Pfn"/>.</summary>
    Page = 14,

    /// <summary>
    /// <c>rcu_read_lock</c>: who holds it waits for nobody, and objects that are freed by RCU wait for it
    /// (<see cref="Ledger.Row.WaitsForGrace"/>). Owner: 1, as there is one for all.
    /// </summary>
    Rcu = 15,
}

/// <summary>How a lock is taken. A spinlock is taken for writing, but where its counts have a reader.</summary>
public enum LockMode : byte
{
    Write = 0,
    Read = 1,
}
