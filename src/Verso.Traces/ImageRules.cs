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
            if (FindBroken(vma, last) is string expected)
            {
                return expected;
            }

            last = vma.End;
        }

        // A checkpoint may have been read while other address spaces changed the graph.
        return kind == TraceEventKind.Checkpoint ? null : FindBrokenGraph(image);
    }

    /// <summary>The rule that a VMA breaks which follows on one that ends there.</summary>
    public static string? FindBroken(VmaImage vma, ulong last) =>
        vma.Start < last || vma.End <= vma.Start || vma.End > Page.TaskSize || !Page.IsAligned(vma.Start | vma.End)
            ? "VMAs of whole pages in ascending order"
            : vma.Pgoff >= ulong.MaxValue - ((vma.End - vma.Start) >> Page.Shift)
                ? "page offsets that do not wrap"
                : null;

    private static string? FindBrokenGraph(MmImage image)
    {
        Dictionary<ulong, Found> nodes = new(image.AnonVmas.Count);
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            if (node.Id == 0 || !nodes.TryAdd(node.Id, new Found(node)))
            {
                return "anon_vmas with ids of their own";
            }
        }

        return FindBrokenTree(image, nodes) ?? FindBrokenChain(image, nodes) ?? FindBrokenCount(nodes);
    }

    /// <summary>Every anon_vma stands below its parent, and all of one tree name its root.</summary>
    private static string? FindBrokenTree(MmImage image, Dictionary<ulong, Found> nodes)
    {
        const string Expected = "anon_vmas below listed parents of the same root";
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            bool isTop = node.Parent == node.Id;
            if (!nodes.TryGetValue(node.Parent, out Found? parent) || parent.Image.Root != node.Root
                || isTop != (node.Root == node.Id))
            {
                return Expected;
            }

            parent.Children++;
        }

        // In a circle nobody is the root.
        Queue<ulong> roots = new(image.AnonVmas.Where(node => node.Root == node.Id).Select(node => node.Id));
        ILookup<ulong, ulong> children = image.AnonVmas
            .Where(node => node.Parent != node.Id)
            .ToLookup(node => node.Parent, node => node.Id);
        int reached = 0;
        for (; roots.TryDequeue(out ulong id); reached++)
        {
            foreach (ulong child in children[id])
            {
                roots.Enqueue(child);
            }
        }

        return reached == image.AnonVmas.Count ? null : Expected;
    }

    private static string? FindBrokenChain(MmImage image, Dictionary<ulong, Found> nodes)
    {
        for (int at = 0; at < image.Vmas.Count; at++)
        {
            VmaImage vma = image.Vmas[at];
            bool isOwnLinked = vma.AnonVma == 0 && vma.Chain.Count == 0;
            ulong root = 0;
            foreach (ulong id in vma.Chain)
            {
                if (!nodes.TryGetValue(id, out Found? node) || (root != 0 && node.Image.Root != root)
                    || node.LastVma == at + 1)
                {
                    return "chains of listed anon_vmas of one root, each once";
                }

                root = node.Image.Root;
                node.LastVma = at + 1;
                isOwnLinked |= id == vma.AnonVma;
                node.Active += id == vma.AnonVma ? 1 : 0;
            }

            if (!isOwnLinked)
            {
                return "chains that hold the VMA's own anon_vma";
            }
        }

        return null;
    }

    private static string? FindBrokenCount(Dictionary<ulong, Found> nodes) =>
        nodes.Values.All(node => node.Image.ChildCount == node.Children && node.Image.ActiveVmaCount == node.Active)
            ? null
            : "anon_vmas that count the children and the VMAs that they have";

    /// <summary>An anon_vma of the list, and what was found to belong to it.</summary>
    private sealed class Found(AnonVmaImage image)
    {
        public AnonVmaImage Image { get; } = image;

        public long Children { get; set; }

        public long Active { get; set; }

        /// <summary>The VMA that was linked to it last, counted from 1.</summary>
        public int LastVma { get; set; }
    }
}
