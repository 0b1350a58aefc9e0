using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces;

/// <summary>
/// What holds for every image of an address space, so that nothing behind the reader has to doubt it.
/// </summary>
internal static class ImageRules
{
    /// <summary>
    /// No image has more: what vm.max_map_count is raised to where it is raised (2^20), and a quarter more.
    /// </summary>
    public const int VmasMax = 5 << 18;

    /// <summary>No image lists more: an own one for each VMA and a parent's.</summary>
    public const int AnonVmasMax = 2 * VmasMax;

    /// <summary>The chains of no image have more entries together.</summary>
    public const int LinksMax = 1 << 23;

    /// <summary>The rule that an image breaks, as what was expected; null if none.</summary>
    public static string? FindBroken(TraceEventKind kind, MmImage image)
    {
        ulong last = 0;
        long links = 0;
        foreach (VmaImage vma in image.Vmas.AsSpan())
        {
            if (FindBroken(vma, last) is string expected)
            {
                return expected;
            }

            last = vma.End;
            links += vma.Chain.Count;
        }

        if (image.Vmas.Count > VmasMax || image.AnonVmas.Count > AnonVmasMax || links > LinksMax)
        {
            return $"at most {VmasMax} VMAs, {AnonVmasMax} anon_vmas and {LinksMax} entries of chains in an image";
        }

        // A checkpoint may have been read while other address spaces changed the graph.
        return kind == TraceEventKind.Checkpoint ? null : FindBrokenFile(image) ?? FindBrokenGraph(image);
    }

    /// <summary>The rule that a VMA breaks which follows on one that ends there.</summary>
    public static string? FindBroken(VmaImage vma, ulong last) =>
        vma.Start < last || vma.End <= vma.Start || vma.End > Page.TaskSize || !Page.IsAligned(vma.Start | vma.End)
            ? "VMAs of whole pages in ascending order"
            : vma.Pgoff >= ulong.MaxValue - ((vma.End - vma.Start) >> Page.Shift)
                ? "page offsets that do not wrap"
                : null;

    /// <summary>Shared memory without a file is shmem's, which has one.</summary>
    private static string? FindBrokenFile(MmImage image)
    {
        foreach (VmaImage vma in image.Vmas.AsSpan())
        {
            if ((vma.Flags & VmaFlags.Shared) != 0 && vma.File.IsNone)
            {
                return "a file behind each shared VMA";
            }
        }

        return null;
    }

    private static string? FindBrokenGraph(MmImage image)
    {
        ReadOnlySpan<AnonVmaImage> nodes = image.AnonVmas.AsSpan();
        AddressNumbers numbers = new(nodes.Length);
        for (int at = 0; at < nodes.Length; at++)
        {
            if (numbers.Of(nodes[at].Id) != at + 1)
            {
                return "anon_vmas with ids of their own";
            }
        }

        return FindBrokenTree(nodes, numbers, out int[] children)
            ?? FindBrokenChain(image, nodes, numbers, out int[] active)
            ?? FindBrokenCount(nodes, children, active);
    }

    /// <summary>Every anon_vma stands below its parent, and all of one tree name its root.</summary>
    private static string? FindBrokenTree(ReadOnlySpan<AnonVmaImage> nodes, AddressNumbers numbers, out int[] children)
    {
        const string Expected = "anon_vmas below listed parents of the same root";
        children = new int[nodes.Length];
        int[] parents = new int[nodes.Length];
        for (int at = 0; at < nodes.Length; at++)
        {
            AnonVmaImage node = nodes[at];
            bool isTop = node.Parent == node.Id;
            int parent = numbers.Find(node.Parent) - 1;
            if (parent < 0 || nodes[parent].Root != node.Root || isTop != (node.Root == node.Id))
            {
                return Expected;
            }

            children[parent]++;
            parents[at] = parent;
        }

        // In a circle nobody is the root. What was found below one has itself for its parent from then on.
        for (int at = 0; at < nodes.Length; at++)
        {
            int top = at;
            for (int steps = 0; parents[top] != top; steps++)
            {
                if (steps > nodes.Length)
                {
                    return Expected;
                }

                top = parents[top];
            }

            for (int below = at; parents[below] != below;)
            {
                (below, parents[below]) = (parents[below], below);
            }
        }

        return null;
    }

    private static string? FindBrokenChain(
        MmImage image, ReadOnlySpan<AnonVmaImage> nodes, AddressNumbers numbers, out int[] active)
    {
        active = new int[nodes.Length];
        int[] lastVma = new int[nodes.Length];
        ReadOnlySpan<VmaImage> vmas = image.Vmas.AsSpan();
        for (int at = 0; at < vmas.Length; at++)
        {
            VmaImage vma = vmas[at];
            bool isOwnLinked = vma.AnonVma == 0 && vma.Chain.Count == 0;
            ulong root = 0;
            foreach (ulong id in vma.Chain.AsSpan())
            {
                int node = numbers.Find(id) - 1;
                if (node < 0 || (root != 0 && nodes[node].Root != root) || lastVma[node] == at + 1)
                {
                    return "chains of listed anon_vmas of one root, each once";
                }

                root = nodes[node].Root;
                lastVma[node] = at + 1;
                isOwnLinked |= id == vma.AnonVma;
                active[node] += id == vma.AnonVma ? 1 : 0;
            }

            if (!isOwnLinked)
            {
                return "chains that hold the VMA's own anon_vma";
            }
        }

        return null;
    }

    private static string? FindBrokenCount(ReadOnlySpan<AnonVmaImage> nodes, int[] children, int[] active)
    {
        for (int at = 0; at < nodes.Length; at++)
        {
            if (nodes[at].ChildCount != children[at] || nodes[at].ActiveVmaCount != active[at])
            {
                return "anon_vmas that count the children and the VMAs that they have";
            }
        }

        return null;
    }
}
