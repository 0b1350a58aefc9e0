using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>
/// Tells what lies at the end of a row of VMAs by chance from what belongs to it: a library's data beside an arena.
/// </summary>
/// <remarks>
/// A program that treats parts of its memory alike has one size for them, or some. What is at an end and has another
/// size than all those like it inside is something else, and stays when the row becomes one:
/// <code>
///     rw 64 | rx 64 | rw 64 | rx 64 | rw 64       all belong to it
///     rw 64 | rx 64 | rw 64 | rx 64 | rw 12       the last one does not
/// </code>
/// Where nothing inside is like it, as in a row of two, nothing says that it belongs there: an anon_vma in common does
/// not, for what mmap put beside a library's data was part of it until something divided them.
/// </remarks>
internal static class RowEdges
{
    /// <summary>How many VMAs of a row stay when all that belong to it become one.</summary>
    /// <param name="row">VMAs that touch, by ascending address; at least two.</param>
    internal static int CountStaying(IReadOnlyList<VmaImage> row) =>
        1 + (IsStranger(row, 0) ? 1 : 0) + (IsStranger(row, row.Count - 1) ? 1 : 0);

    /// <summary>Whether the VMA at one end of a row does not belong to it.</summary>
    /// <param name="row">VMAs that touch, by ascending address; at least two.</param>
    /// <param name="end">The index of the first or of the last.</param>
    internal static bool IsStranger(IReadOnlyList<VmaImage> row, int end)
    {
        VmaImage edge = row[end];
        ulong[] alike =
        [
            .. row.Skip(1).Take(row.Count - 2)
                .Where(vma => ((vma.Flags ^ edge.Flags) & ~VmaFlags.SoftDirty) == VmaFlags.None).Select(Bytes),
        ];
        return alike.Length == 0 || Bytes(edge) < alike.Min() || Bytes(edge) > alike.Max();
    }

    private static ulong Bytes(VmaImage vma) => vma.End - vma.Start;
}
