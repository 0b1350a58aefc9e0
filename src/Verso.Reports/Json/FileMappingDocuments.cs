using Verso.Lab.Snapshots;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>
/// Whose the pages of private file mappings are
/// (<see href="snapshot.md#private-file-mappings">what counts as which</see>).
/// </summary>
/// <param name="Vmas">The mappings.</param>
/// <param name="Pages">What they span.</param>
/// <param name="Copied"><unit>pages</unit> Anonymous pages, those in swap among them: written since.</param>
/// <param name="Mapped"><unit>pages</unit> Pages of the file that page tables hold.</param>
/// <param name="NotMapped"><unit>pages</unit> The others: the next access asks the file.</param>
public sealed record FilePagesDocument(long Vmas, long Pages, long Copied, long Mapped, long NotMapped);

/// <summary>Those of one file.</summary>
/// <param name="Path">As the kernel shows it; empty if unknown.</param>
/// <param name="Inode">Its inode.</param>
/// <param name="Pages">Of all address spaces that are known.</param>
public sealed record FileDocument(string Path, ulong Inode, FilePagesDocument Pages);

/// <summary>Of how many address spaces they are not known, and why.</summary>
/// <param name="Reason"><c>no-pagemap</c>, <c>refused</c>, <c>changed</c>, <c>not-kept</c>.</param>
/// <param name="AddressSpaces">Of so many.</param>
public sealed record FilePagesGapDocument(string Reason, int AddressSpaces);

/// <summary>Private file mappings, each address space counted once.</summary>
/// <param name="Pages">Of all address spaces that are known; left out if none is.</param>
/// <param name="NotKnown">Those of which nothing is known, by reason.</param>
/// <param name="Files">Those with the most copies first; of <c>verso-rmap/1</c> at most <c>--top</c>.</param>
public sealed record FileMappingsDocument(
    FilePagesDocument? Pages, IReadOnlyList<FilePagesGapDocument> NotKnown, IReadOnlyList<FileDocument> Files);

internal static class FileMappingDocuments
{
    public static FileMappingsDocument Of(FileMappings mappings, int top) => new(
        mappings.IsKnown ? Of(mappings.All) : null,
        [.. mappings.NotKnown.Select(gap => new FilePagesGapDocument(ReasonOf(gap.Reason), gap.Spaces))],
        [.. mappings.ByFile.Take(top).Select(file => new FileDocument(file.Path, file.Inode, Of(file.Figures)))]);

    public static FilePagesDocument? PagesOf(ProcessFilePages process) =>
        process.Figures is { } figures ? Of(figures) : null;

    public static string? ReasonOf(ProcessFilePages process) =>
        process.Gap is { } gap ? ReasonOf(gap) : null;

    private static string ReasonOf(FilePagesGap gap) => Kebab.Of(gap.ToString());

    private static FilePagesDocument Of(FileMappingFigures figures) =>
        new(figures.Vmas, figures.Pages, figures.Copied, figures.Mapped, figures.NotMapped);
}
