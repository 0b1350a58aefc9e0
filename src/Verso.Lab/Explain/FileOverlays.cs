using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Files that were mapped over parts of anonymous memory.</summary>
/// <remarks>
/// What lies between two parts of anonymous memory that are alike was part of them. At the end of such a row it was if
/// it maps the same file, and has the size of those inside (<see cref="RowEdges"/>).
/// </remarks>
internal static class FileOverlays
{
    /// <summary>How many VMAs fewer there would be without them.</summary>
    internal static int Count(SpaceExplanation explanation)
    {
        int fewer = 0;
        List<VmaImage> row = [];
        foreach (Boundary pair in explanation.Boundaries)
        {
            bool goesOn = row.Count > 0 && row[^1] == pair.Lower;
            if (!goesOn || !BelongsTo(row, pair))
            {
                fewer += Fewer(row);
                row = goesOn && IsOver(explanation, pair) ? [pair.Lower] : [];
            }

            if (IsOver(explanation, pair))
            {
                row.AddRange(row.Count == 0 ? [pair.Lower, pair.Upper] : [pair.Upper]);
            }
        }

        return fewer + Fewer(row);
    }

    private static bool IsOver(SpaceExplanation explanation, Boundary pair) =>
        pair.Lasting == LastingReason.FileAndAnonymous
        && !FileRemedies.IsMemory(explanation.PathOf(pair.Lower.File.IsNone ? pair.Upper : pair.Lower));

    // Alike is what is anonymous, and what maps a file is of one file.
    private static bool BelongsTo(List<VmaImage> row, Boundary pair)
    {
        VmaImage? before = row.Count > 1 ? row[^2] : null;
        return pair.Lasting == LastingReason.FileAndAnonymous && (before is null
            || (before.File == pair.Upper.File && before.Traits == pair.Upper.Traits
                && ((before.Flags ^ pair.Upper.Flags) & ~VmaFlags.SoftDirty) == VmaFlags.None));
    }

    private static int Fewer(List<VmaImage> row)
    {
        if (row.Count(vma => vma.File.IsNone) < 2)
        {
            return 0;
        }

        bool IsOther(int end) => !row[end].File.IsNone && RowEdges.IsStranger(row, end);
        return row.Count - 1 - (IsOther(0) ? 1 : 0) - (IsOther(row.Count - 1) ? 1 : 0);
    }
}
