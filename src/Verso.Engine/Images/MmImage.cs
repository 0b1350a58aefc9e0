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

    /// <summary>RLIMIT_STACK in bytes; <see cref="ulong.MaxValue"/> is unlimited.</summary>
    public ulong StackLimitBytes { get; init; } = 8UL << 20;
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
    ulong Start, ulong End, VmaFlags Flags, ulong Pgoff, FileId File, ulong AnonVma, IReadOnlyList<ulong> Chain);

/// <summary>One <c>anon_vma</c>. Ids are opaque (a kernel pointer, an engine handle) and never 0.</summary>
/// <param name="Id">Its identity within one image.</param>
/// <param name="Root"><c>anon_vma->root</c>.</param>
/// <param name="Parent"><c>anon_vma->parent</c>.</param>
/// <param name="ChildCount"><c>num_children</c>; a root counts itself.</param>
/// <param name="ActiveVmaCount"><c>num_active_vmas</c>.</param>
public sealed record AnonVmaImage(ulong Id, ulong Root, ulong Parent, long ChildCount, long ActiveVmaCount);
