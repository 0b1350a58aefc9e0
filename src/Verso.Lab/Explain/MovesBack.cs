using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What comes of moving anonymous memory back to where it was written: the engine does it.</summary>
/// <remarks>
/// Its page offset says where that was. Only what is free there is taken, or was never written, or is what
/// MREMAP_DONTUNMAP left of the same; and where it comes from a hole stays.
/// </remarks>
internal static class MovesBack
{
    /// <summary>One that is in the way of another may be gone in the next round.</summary>
    private const int MostRounds = 4;

    /// <summary>VMAs there are then.</summary>
    internal static int Count(SpaceExplanation explanation)
    {
        IReadOnlyList<VmaImage> vmas = explanation.Process.Image.Vmas;
        MergeJudge judge = explanation.Judge();
        List<VmaImage> moved = [.. vmas.Where(IsMoved)];
        HashSet<ulong> back = [];
        for (int round = 0; round < MostRounds; round++)
        {
            _ = moved.RemoveAll(vma => IsFree(vma, vmas, back) && judge.MoveBack(vma) && back.Add(vma.Start));
        }

        return judge.VmaCount - (explanation.VmaCount - explanation.VmasWithout(MergeTests.None).Most);
    }

    private static bool IsMoved(VmaImage vma) => vma.File.IsNone && vma.AnonVma != 0
        && (vma.Flags & (VmaFlags.Special | VmaFlags.MayShare)) == VmaFlags.None
        && vma.Pgoff != vma.Start >> Page.Shift && Place(vma) + (vma.End - vma.Start) <= Page.TaskSize;

    private static bool IsFree(VmaImage moved, IReadOnlyList<VmaImage> vmas, HashSet<ulong> back)
    {
        ulong end = Place(moved) + (moved.End - moved.Start);
        return IsApart(moved, end)
            && vmas.Skip(SpaceStrip.FirstEndingAbove(vmas, Place(moved))).TakeWhile(there => there.Start < end)
                .All(there => back.Contains(there.Start) || IsLeft(there, moved));
    }

    // mremap refuses a target that overlaps.
    private static bool IsApart(VmaImage moved, ulong end) => end <= moved.Start || moved.End <= Place(moved);

    private static bool IsLeft(VmaImage there, VmaImage moved) => there.File.IsNone
        && (there.AnonVma == 0 || (there.AnonVma == moved.AnonVma && there.Pgoff == there.Start >> Page.Shift));

    private static ulong Place(VmaImage vma) => vma.Pgoff << Page.Shift;
}
