using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// What holds for every image of an address space, so that nothing behind the reader has to doubt it.
/// </summary>
internal static class ImageRules
{
    /// <summary>The rule that an image breaks, as what was expected; null if none.</summary>
    public static string? FindBroken(TraceEventKind kind, MmImage image)
    {
        ulong last = 0;
        foreach (VmaImage vma in image.Vmas)
        {
            if (vma.Start < last || vma.End <= vma.Start || vma.End > Page.TaskSize
                || !Page.IsAligned(vma.Start | vma.End))
            {
                return "VMAs of whole pages in ascending order";
            }

            last = vma.End;
        }

        // A checkpoint may have been read while other address spaces changed the graph.
        return kind == TraceEventKind.Checkpoint ? null : FindBrokenGraph(image);
    }

    private static string? FindBrokenGraph(MmImage image)
    {
        HashSet<ulong> nodes = [];
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            if (node.Id == 0 || !nodes.Add(node.Id) || !IsCount(node.ChildCount) || !IsCount(node.ActiveVmaCount))
            {
                return "anon_vmas with ids of their own and counts that are not negative";
            }
        }

        foreach (VmaImage vma in image.Vmas)
        {
            bool isLinked = vma.AnonVma != 0 ? vma.Chain.Contains(vma.AnonVma) : vma.Chain.Count == 0;
            if (!isLinked || !vma.Chain.All(nodes.Contains))
            {
                return "chains of listed anon_vmas that hold the VMA's own";
            }
        }

        return null;
    }

    private static bool IsCount(long count) => count is >= 0 and <= int.MaxValue;
}
