using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Proc;

/// <summary>
/// The address space of a process as far as /proc tells it without root: an image whose anonymous VMAs have no anon_vma
/// and the page offsets of memory that never moved, and what is to be doubted of it.
/// </summary>
public sealed record ProcSpace
{
    /// <summary>When, and on which kernel.</summary>
    public required SnapshotHeader Header { get; init; }

    /// <summary>The process.</summary>
    public required ProcessGraph Process { get; init; }

    /// <summary>The files that its VMAs name: one for each inode, however often it was opened.</summary>
    public required IReadOnlyList<FileIdentity> Files { get; init; }

    /// <summary>Of each VMA of the image, in its order, what is known and doubted besides.</summary>
    public required IReadOnlyList<VmaEvidence> Evidence { get; init; }
}
