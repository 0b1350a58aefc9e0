using Verso.Engine.Images;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>A checkpoint as what changed since the last image: docs/trace-format.md, "Payload: change".</summary>
/// <param name="Differences">Six, of the numbers of the address space.</param>
/// <param name="Told">anon_vmas.</param>
/// <param name="Edits">What becomes of the last image's VMAs.</param>
internal sealed record RawChange(
    IReadOnlyList<long> Differences, IReadOnlyList<AnonVmaImage> Told, IReadOnlyList<RawEdit> Edits);

/// <summary>One edit.</summary>
/// <param name="Kept">VMAs that stay.</param>
/// <param name="Dropped">VMAs after them that go.</param>
/// <param name="Added">VMAs that come then.</param>
/// <param name="EndBefore">Where the VMA before those ends.</param>
internal sealed record RawEdit(int Kept, int Dropped, IReadOnlyList<RawAddedVma> Added, ulong EndBefore);

/// <summary>A VMA that comes.</summary>
/// <param name="Vma">The VMA, with the first entries of its chain.</param>
/// <param name="GoesOnAs">The VMA of the last image, from 1, as whose chain its own goes on; 0: as none.</param>
/// <param name="Skipped">How many entries of that are left out.</param>
internal sealed record RawAddedVma(VmaImage Vma, int GoesOnAs, int Skipped);
