using Verso.Lab.Snapshots;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>The pages of private file mappings.</summary>
public sealed record FilePagesDocument(long Vmas, long Pages, long Copied, long Mapped, long NotMapped);

/// <summary>Those of one file.</summary>
public sealed record FileDocument(string Path, ulong Inode, FilePagesDocument Pages);

/// <summary>Of how many address spaces they are not known, and why.</summary>
public sealed record FilePagesGapDocument(string Reason, int AddressSpaces);

/// <summary>The private file mappings of a snapshot; <c>pages</c> is left out if none are known.</summary>
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
