using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Snapshots;

/// <summary>
/// What the page tables of an address space hold of its private file mappings: a page is a copy, made by a write and
/// anonymous since, or still the file's, or there is no entry and the next access asks the file.
/// </summary>
/// <param name="Reading">Whether it was counted.</param>
/// <param name="Mappings">
/// By ascending place, the mappings of which page tables hold any page; of the others they hold none. Empty unless
/// counted.
/// </param>
public sealed record FilePages(FilePagesReading Reading, IReadOnlyList<MappedFilePages> Mappings)
{
    /// <summary>Nothing is known, and why.</summary>
    public static FilePages NotKnown(FilePagesReading reason) => new(reason, []);

    /// <summary>
    /// Whether the pages of a VMA are those of a file, or copies of them: no shared mapping, no anonymous memory (which
    /// a private mapping of /dev/zero is), nothing that a driver maps as it likes.
    /// </summary>
    public static bool AreOf(VmaImage vma, FileKind kind)
    {
        ArgumentNullException.ThrowIfNull(vma);
        return IsPrivate(vma) && kind is FileKind.Regular or FileKind.SharedMemory or FileKind.HugeTlb;
    }

    /// <summary>The same without knowing the file.</summary>
    internal static bool IsPrivate(VmaImage vma) =>
        !vma.File.IsNone && (vma.Flags & (VmaFlags.Shared | VmaFlags.MayShare)) == VmaFlags.None;
}

/// <summary>The pages of one private file mapping that page tables hold.</summary>
/// <param name="Vma">Its place among the VMAs of the image.</param>
/// <param name="Copied">Anonymous pages, those in swap among them.</param>
/// <param name="Mapped">Pages of the file itself.</param>
public readonly record struct MappedFilePages(int Vma, long Copied, long Mapped);

/// <summary>Whether the pages of private file mappings were counted, and why not.</summary>
public enum FilePagesReading : byte
{
    /// <summary>They were, about when the image was read, and the mappings were still those of the image.</summary>
    Counted = 0,

    /// <summary>The kernel has no /proc/PID/pagemap.</summary>
    NoPagemap = 1,

    /// <summary>It may not be read.</summary>
    Refused = 2,

    /// <summary>The process ended or exec'd, or its file mappings changed, before all were counted.</summary>
    Changed = 3,
}
