namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// The interval trees of all anon_vmas, over one arena of links: a treap ordered by first page offset, each node
/// knowing
/// the greatest last offset below it. Finding the links that overlap a page costs O(log n + found).
/// </summary>
/// <remarks>
/// Linux keeps a red-black tree with the same augmentation (mm/interval_tree.c); only the balancing differs, which no
/// count shows. Depth is O(log n) with priorities that look random; <see cref="MaxDepth"/> is checked.
/// </remarks>
internal static class LinkTree
{
    /// <summary>More levels than a tree of 2^31 links reaches with any likelihood.</summary>
    public const int MaxDepth = 160;

    /// <summary>Adds a link whose offsets are set. Returns the new top.</summary>
    public static int Insert(AnonVmaChainLink[] links, int top, int link)
    {
        ref AnonVmaChainLink node = ref links[link];
        node.Left = 0;
        node.Right = 0;
        node.MaxLast = node.Last;
        node.Priority = Mix((uint)link);
        return InsertBelow(links, top, link);
    }

    /// <summary>Removes a link. Requires: it is in this tree. Returns the new top.</summary>
    public static int Remove(AnonVmaChainLink[] links, int top, int link)
    {
        Invariant.Require(top != 0);
        if (top == link)
        {
            return Merge(links, links[link].Left, links[link].Right);
        }

        ref AnonVmaChainLink node = ref links[top];
        if (IsBefore(links, link, top))
        {
            node.Left = Remove(links, node.Left, link);
        }
        else
        {
            node.Right = Remove(links, node.Right, link);
        }

        Refresh(links, top);
        return top;
    }

    /// <summary>
    /// The next subtree to look at: pushes what may overlap <paramref name="pgoff"/> and returns a link that does,
    /// or 0 when the stack is empty.
    /// </summary>
    public static int Next(AnonVmaChainLink[] links, Span<int> stack, ref int depth, ulong pgoff)
    {
        while (depth > 0)
        {
            int at = stack[--depth];
            ref AnonVmaChainLink node = ref links[at];
            if (node.MaxLast < pgoff)
            {
                continue;
            }

            Invariant.Require(depth + 2 <= stack.Length);
            if (node.Right != 0 && node.First <= pgoff)
            {
                stack[depth++] = node.Right;
            }

            if (node.Left != 0)
            {
                stack[depth++] = node.Left;
            }

            if (node.First <= pgoff && pgoff <= node.Last)
            {
                return at;
            }
        }

        return 0;
    }

    private static int InsertBelow(AnonVmaChainLink[] links, int top, int link)
    {
        if (top == 0)
        {
            return link;
        }

        if (links[link].Priority > links[top].Priority)
        {
            Split(links, top, link, out links[link].Left, out links[link].Right);
            Refresh(links, link);
            return link;
        }

        if (IsBefore(links, link, top))
        {
            links[top].Left = InsertBelow(links, links[top].Left, link);
        }
        else
        {
            links[top].Right = InsertBelow(links, links[top].Right, link);
        }

        Refresh(links, top);
        return top;
    }

    private static void Split(AnonVmaChainLink[] links, int top, int pivot, out int before, out int after)
    {
        if (top == 0)
        {
            before = 0;
            after = 0;
            return;
        }

        if (IsBefore(links, top, pivot))
        {
            Split(links, links[top].Right, pivot, out int middle, out after);
            links[top].Right = middle;
            before = top;
        }
        else
        {
            Split(links, links[top].Left, pivot, out before, out int middle);
            links[top].Left = middle;
            after = top;
        }

        Refresh(links, top);
    }

    private static int Merge(AnonVmaChainLink[] links, int before, int after)
    {
        if (before == 0 || after == 0)
        {
            return before | after;
        }

        if (links[before].Priority > links[after].Priority)
        {
            links[before].Right = Merge(links, links[before].Right, after);
            Refresh(links, before);
            return before;
        }

        links[after].Left = Merge(links, before, links[after].Left);
        Refresh(links, after);
        return after;
    }

    private static void Refresh(AnonVmaChainLink[] links, int at)
    {
        ref AnonVmaChainLink node = ref links[at];
        ulong last = node.Last;
        if (node.Left != 0)
        {
            last = Math.Max(last, links[node.Left].MaxLast);
        }

        if (node.Right != 0)
        {
            last = Math.Max(last, links[node.Right].MaxLast);
        }

        node.MaxLast = last;
    }

    private static bool IsBefore(AnonVmaChainLink[] links, int left, int right) =>
        links[left].First != links[right].First ? links[left].First < links[right].First : left < right;

    /// <summary>A bijective mix of 32 bits (the finalizer of MurmurHash3).</summary>
    private static uint Mix(uint value)
    {
        value ^= value >> 16;
        value *= 0x85ebca6b;
        value ^= value >> 13;
        value *= 0xc2b2ae35;
        return value ^ (value >> 16);
    }
}
