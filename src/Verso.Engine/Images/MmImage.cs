using Verso.Engine.Vmas;

namespace Verso.Engine.Images;

/// <summary>
/// The state of one address space at one moment: what a recorder reads from the kernel at exec, at attach and at
/// checkpoints, what the engine can be started from, and what it gives back to be compared.
/// </summary>
public sealed record MmImage
{
    /// <summary>VMAs by ascending start.</summary>
    public required IReadOnlyList<VmaImage> Vmas { get; init; }

    /// <summary>
    /// Every <c>anon_vma</c> that some chain or parent pointer of <see cref="Vmas"/> names, in any order.
    /// </summary>
    public required IReadOnlyList<AnonVmaImage> AnonVmas { get; init; }

    /// <summary><c>mm->start_brk</c>, a byte address.</summary>
    public ulong StartBrk { get; init; }

    /// <summary><c>mm->brk</c>, a byte address, not necessarily page aligned.</summary>
    public ulong Brk { get; init; }

    /// <summary><c>mm->mmap_base</c>: the top-down search starts below this byte address.</summary>
    public ulong MmapBase { get; init; }

    /// <summary>
    /// <c>mm->start_stack</c>: the stack pointer exec set; pages from here up were populated by exec.
    /// </summary>
    public ulong StartStack { get; init; }

    /// <summary><c>mm->def_flags</c>: flags every later mapping gets (mlockall(MCL_FUTURE)).</summary>
    public VmaFlags DefaultFlags { get; init; }

    /// <summary>What holds for all of its memory; none where nobody looked.</summary>
    public MmFlags Flags { get; init; }

    /// <summary>RLIMIT_STACK in bytes; <see cref="ulong.MaxValue"/> is unlimited.</summary>
    public ulong StackLimitBytes { get; init; } = 8UL << 20;

    /// <summary><c>mm->total_vm</c>, in pages; null if unknown. No file keeps it.</summary>
    public ulong? TotalPages { get; init; }

    /// <summary><c>mm->locked_vm</c>, in pages; null if unknown. No file keeps it.</summary>
    public ulong? LockedPages { get; init; }

    /// <summary>
    /// What tells this address space from others that live at the same time (a kernel pointer): equal for two
    /// processes that share one. 0 if unknown.
    /// </summary>
    public ulong Identity { get; init; }

    /// <summary>
    /// The same without the vsyscall page: above what user space can map, it is in no tree of VMAs and counts for no
    /// limit, though /proc lists it.
    /// </summary>
    public MmImage WithoutVsyscall() => Vmas.Count == 0 || Vmas[^1].End <= Page.TaskSize
        ? this
        : this with { Vmas = [.. Vmas.Where(vma => vma.End <= Page.TaskSize)] };
}

/// <summary>One VMA.</summary>
/// <param name="Start">First byte address; page aligned.</param>
/// <param name="End">One past the last byte address; page aligned.</param>
/// <param name="Flags"><c>vm_flags</c>.</param>
/// <param name="Pgoff"><c>vm_pgoff</c>, in pages.</param>
/// <param name="File">The open file, or none.</param>
/// <param name="AnonVma">The id of <c>vma->anon_vma</c> in <see cref="MmImage.AnonVmas"/>; 0 where NULL.</param>
/// <param name="Chain">
/// The ids of the <c>anon_vma</c>s of <c>vma->anon_vma_chain</c> in list order, head (newest) first.
/// </param>
public sealed record VmaImage(
    ulong Start, ulong End, VmaFlags Flags, ulong Pgoff, FileId File, ulong AnonVma, IReadOnlyList<ulong> Chain)
{
    /// <summary>What else decides merges; <see cref="VmaTraits.None"/> where nobody looked.</summary>
    public VmaTraits Traits { get; init; } = VmaTraits.None;

    /// <summary>
    /// The anonymous page offset of a private file mapping (7.3), in pages; null of any other, and where nobody looked.
    /// No file keeps it.
    /// </summary>
    public ulong? AnonPgoff { get; init; }
}

/// <summary>
/// What a VMA has besides range, flags, file and graph that its neighbour must have too if the kernel is to merge them
/// (<c>is_mergeable_vma</c>, mm/vma.c). Values are opaque; only equality means something.
/// </summary>
/// <param name="PolicyMode">
/// <c>vm_policy</c>: mode, flags &lt;&lt; 16, home node &lt;&lt; 32; 0 where there is none.
/// </param>
/// <param name="PolicyNodes">The first 64 nodes of <c>vm_policy</c>.</param>
/// <param name="Userfault"><c>vm_userfaultfd_ctx.ctx</c>; 0 where NULL.</param>
/// <param name="Operations"><c>vm_ops</c>; 0 where NULL.</param>
/// <param name="Close">Whether <c>vm_ops->close</c> is set: such a VMA is not merged away.</param>
/// <param name="Name"><c>anon_name</c> (PR_SET_VMA_ANON_NAME); null where there is none.</param>
public sealed record VmaTraits(
    ulong PolicyMode, ulong PolicyNodes, ulong Userfault, ulong Operations, CloseOperation Close, string? Name)
{
    /// <summary>Those of most anonymous memory.</summary>
    public static VmaTraits None { get; } = new(0, 0, 0, 0, CloseOperation.None, null);
}

/// <summary>Whether the driver behind a VMA wants to hear when it ends.</summary>
public enum CloseOperation : byte
{
    /// <summary><c>vm_ops->close</c> is not set, or nobody looked.</summary>
    None = 0,

    /// <summary>It is set.</summary>
    Set = 1,
}

/// <summary>One <c>anon_vma</c>. Ids are opaque (a kernel pointer, an engine handle) and never 0.</summary>
/// <param name="Id">Its identity within one image.</param>
/// <param name="Root"><c>anon_vma->root</c>.</param>
/// <param name="Parent"><c>anon_vma->parent</c>.</param>
/// <param name="ChildCount">
/// <c>num_children</c>; a root counts itself. Negative, like the next, where the kernel has none (before 6.0).
/// </param>
/// <param name="ActiveVmaCount"><c>num_active_vmas</c>.</param>
public sealed record AnonVmaImage(ulong Id, ulong Root, ulong Parent, long ChildCount, long ActiveVmaCount)
{
    /// <summary><c>refcount</c>; null where nobody looked.</summary>
    public int? RefCount { get; init; }
}
