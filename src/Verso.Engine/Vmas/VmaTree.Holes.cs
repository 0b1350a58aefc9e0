namespace Verso.Engine.Vmas;

/// <summary>A range without VMAs, within the limits of a search: byte addresses, the end exclusive.</summary>
/// <param name="Start">The end of the VMA below, or the lower limit.</param>
/// <param name="End">The start of the VMA above, or the upper limit.</param>
/// <param name="Above">That VMA, at or above the end; none if the hole has no end.</param>
public readonly record struct VmaHole(ulong Start, ulong End, VmaId Above);

// Holes. Each belongs to the VMA below it.
public sealed partial class VmaTree
{
    /// <summary>mas_empty_area_rev: the highest hole within limits of at least a length.</summary>
    /// <param name="lowest">Where it may begin; byte address.</param>
    /// <param name="highest">Where it must end; byte address, exclusive.</param>
    /// <param name="length">Bytes; not 0.</param>
    /// <param name="hole">What of it is within the limits.</param>
    public bool TryHighestHole(ulong lowest, ulong highest, ulong length, out VmaHole hole)
    {
        hole = default;
        if (highest <= lowest)
        {
            return false;
        }

        (int node, int slot) = TowardsHole(highest - 1, length);
        if (pool[node].IsLeaf && IsHole(node, slot, lowest, highest, length, out hole))
        {
            return true;
        }

        // Up to the first node with a large enough hole before, then down to the last such in it.
        while ((slot = VmaNode.LastUpTo(pool[node].WithHole(length), slot - 1)) < 0)
        {
            if (node == _root)
            {
                return false;
            }

            (node, slot) = Up(node);
        }

        while (!pool[node].IsLeaf)
        {
            node = pool[node].Entries[slot];
            slot = VmaNode.LastUpTo(pool[node].WithHole(length), VmaNode.Capacity - 1);
        }

        // If the lower limit cuts too much off it, all other holes are below the limit.
        return IsHole(node, slot, lowest, highest, length, out hole);
    }

    /// <summary>mas_empty_area: the lowest hole within limits, as <see cref="TryHighestHole"/>.</summary>
    public bool TryLowestHole(ulong lowest, ulong highest, ulong length, out VmaHole hole)
    {
        (int node, int slot) = TowardsHole(lowest, length);
        if (pool[node].IsLeaf && IsHole(node, slot, lowest, highest, length, out hole))
        {
            return true;
        }

        hole = default;
        while ((slot = VmaNode.FirstFrom(pool[node].WithHole(length), slot + 1)) < 0)
        {
            if (node == _root)
            {
                return false;
            }

            (node, slot) = Up(node);
        }

        while (!pool[node].IsLeaf)
        {
            node = pool[node].Entries[slot];
            slot = VmaNode.FirstFrom(pool[node].WithHole(length), 0);
        }

        return IsHole(node, slot, lowest, highest, length, out hole);
    }

    /// <summary>
    /// The way to the VMA at or below an address: to its leaf, or to the first node on it below which no hole is large
    /// enough.
    /// </summary>
    private (int Node, int Slot) TowardsHole(ulong address, ulong length)
    {
        int node = _root;
        while (true)
        {
            ref VmaNode at = ref pool[node];
            int slot = at.SlotOf(address);
            if (at.IsLeaf || at.Values[slot] < length)
            {
                return (node, slot);
            }

            node = at.Entries[slot];
        }
    }

    /// <summary>Whether what the limits leave of the hole above a VMA is large enough.</summary>
    private bool IsHole(int leaf, int slot, ulong lowest, ulong highest, ulong length, out VmaHole hole)
    {
        ref VmaNode node = ref pool[leaf];
        ulong start = Math.Max(node.Values[slot], lowest);
        ulong end = Math.Min(node.Starts[slot + 1], highest);
        bool isLarge = end > start && end - start >= length;
        hole = isLarge ? new VmaHole(start, end, new VmaId(EntryAfter(node, slot))) : default;
        return isLarge;
    }

    private (int Parent, int Slot) Up(int node)
    {
        int parent = pool[node].Parent;
        return (parent, pool[parent].SlotOfNode(node));
    }

    /// <summary>The holes below a node are others now: every node above it that this concerns is told.</summary>
    private void RefreshHoles(int node)
    {
        while (node != _root)
        {
            ulong largest = pool[node].LargestHole();
            if (pool[node].Hole == largest)
            {
                return;
            }

            pool[node].Hole = largest;
            (int parent, int slot) = Up(node);
            pool[parent].Values[slot] = largest;
            node = parent;
        }
    }
}
