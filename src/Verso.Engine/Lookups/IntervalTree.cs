namespace Verso.Engine.ReverseMaps;

/// <summary>
/// A node's place in an interval tree, and the interval it stands for: page offsets, both ends inclusive.
/// </summary>
internal struct IntervalLinks
{
    public int Left;
    public int Right;

    /// <summary>First of the interval. Not to be changed while the node is in a tree.</summary>
    public ulong First;

    /// <summary>Last of the interval, inclusive. Not to be changed while the node is in a tree.</summary>
    public ulong Last;

    /// <summary>The greatest <see cref="Last"/> in this subtree.</summary>
    public ulong MaxLast;
}

/// <summary>Which links of a node make a tree: a node with two of them is in two trees.</summary>
/// <typeparam name="TNode">The node.</typeparam>
internal interface IIntervalLinksOf<TNode>
    where TNode : struct
{
    /// <summary>The links of a node.</summary>
    static abstract ref IntervalLinks In(ref TNode node);
}

/// <summary>
/// Interval trees over one arena of nodes, by int handle: treaps ordered by first page offset, each node knowing the
/// greatest last offset below it. Finding the nodes that overlap a page costs O(log n + found). A tree is its top
/// node's handle; 0 is the empty tree.
/// </summary>
/// <remarks>
/// Linux keeps a red-black tree with the same augmentation (mm/interval_tree.c); only the balancing differs, which no
/// count shows. Depth is O(log n) with priorities that look random; <see cref="MaxDepth"/> is checked.
/// </remarks>
/// <typeparam name="TNode">The node: one object of the kernel.</typeparam>
/// <typeparam name="TTree">Which of its links; a struct, so that each tree has machine code of its own.</typeparam>
internal static class IntervalTree<TNode, TTree>
    where TNode : struct
    where TTree : struct, IIntervalLinksOf<TNode>
{
    /// <summary>More levels than a tree of 2^31 nodes reaches with any likelihood.</summary>
    public const int MaxDepth = 160;

    /// <summary>Adds a node whose interval is set. Returns the new top.</summary>
    public static int Insert(TNode[] nodes, int top, int node)
    {
        ref IntervalLinks links = ref TTree.In(ref nodes[node]);
        links.Left = 0;
        links.Right = 0;
        links.MaxLast = links.Last;
        return InsertBelow(nodes, top, node);
    }

    /// <summary>Removes a node. Requires: it is in this tree. Returns the new top.</summary>
    public static int Remove(TNode[] nodes, int top, int node)
    {
        Invariant.Require(top != 0);
        ref IntervalLinks links = ref TTree.In(ref nodes[top]);
        if (top == node)
        {
            return Merge(nodes, links.Left, links.Right);
        }

        if (IsBefore(nodes, node, top))
        {
            links.Left = Remove(nodes, links.Left, node);
        }
        else
        {
            links.Right = Remove(nodes, links.Right, node);
        }

        // A node that reaches furthest itself still does: its children, far away in memory, need not be looked at.
        if (links.MaxLast != links.Last)
        {
            Refresh(nodes, top);
        }

        return top;
    }

    /// <summary>
    /// The next subtree to look at: pushes what may overlap <paramref name="pgoff"/> and returns a node that does,
    /// or 0 when the stack is empty.
    /// </summary>
    public static int Next(TNode[] nodes, Span<int> stack, ref int depth, ulong pgoff) =>
        Next(nodes, stack, ref depth, pgoff, pgoff);

    /// <summary>The same for what overlaps [first, last].</summary>
    public static int Next(TNode[] nodes, Span<int> stack, ref int depth, ulong first, ulong last)
    {
        while (depth > 0)
        {
            int at = stack[--depth];
            ref IntervalLinks links = ref TTree.In(ref nodes[at]);
            if (links.MaxLast < first)
            {
                continue;
            }

            Invariant.Require(depth + 2 <= stack.Length);
            if (links.Right != 0 && links.First <= last)
            {
                stack[depth++] = links.Right;
            }

            if (links.Left != 0)
            {
                stack[depth++] = links.Left;
            }

            if (links.First <= last && first <= links.Last)
            {
                return at;
            }
        }

        return 0;
    }

    /// <summary>The node with the lowest first page that overlaps [first, last]; 0 if none does.</summary>
    public static int Lowest(TNode[] nodes, int top, ulong first, ulong last)
    {
        int at = top;
        while (at != 0)
        {
            ref IntervalLinks links = ref TTree.In(ref nodes[at]);
            if (links.Left != 0 && TTree.In(ref nodes[links.Left]).MaxLast >= first)
            {
                // Something on the left reaches as far. If none of that overlaps, it begins too high, and so does
                // all that follows.
                at = links.Left;
                continue;
            }

            if (links.First > last)
            {
                return 0;
            }

            if (first <= links.Last)
            {
                return at;
            }

            at = links.Right;
        }

        return 0;
    }

    /// <summary>The node with the highest first page that begins before this one; 0 if none does.</summary>
    public static int Before(TNode[] nodes, int top, ulong page)
    {
        int found = 0;
        for (int at = top; at != 0;)
        {
            ref IntervalLinks links = ref TTree.In(ref nodes[at]);
            found = links.First < page ? at : found;
            at = links.First < page ? links.Right : links.Left;
        }

        return found;
    }

    /// <summary>How many nodes a tree has; O(n).</summary>
    public static int Count(TNode[] nodes, int top) =>
        top == 0
            ? 0
            : 1 + Count(nodes, TTree.In(ref nodes[top]).Left) + Count(nodes, TTree.In(ref nodes[top]).Right);

    private static int InsertBelow(TNode[] nodes, int top, int node)
    {
        if (top == 0)
        {
            return node;
        }

        ref IntervalLinks links = ref TTree.In(ref nodes[top]);
        ref IntervalLinks added = ref TTree.In(ref nodes[node]);
        if (PriorityOf(node) > PriorityOf(top))
        {
            Split(nodes, top, node, out added.Left, out added.Right);
            Refresh(nodes, node);
            return node;
        }

        if (IsBefore(nodes, node, top))
        {
            links.Left = InsertBelow(nodes, links.Left, node);
        }
        else
        {
            links.Right = InsertBelow(nodes, links.Right, node);
        }

        links.MaxLast = Math.Max(links.MaxLast, added.Last);
        return top;
    }

    private static void Split(TNode[] nodes, int top, int pivot, out int before, out int after)
    {
        if (top == 0)
        {
            before = 0;
            after = 0;
            return;
        }

        ref IntervalLinks links = ref TTree.In(ref nodes[top]);
        if (IsBefore(nodes, top, pivot))
        {
            Split(nodes, links.Right, pivot, out int middle, out after);
            links.Right = middle;
            before = top;
        }
        else
        {
            Split(nodes, links.Left, pivot, out before, out int middle);
            links.Left = middle;
            after = top;
        }

        Refresh(nodes, top);
    }

    private static int Merge(TNode[] nodes, int before, int after)
    {
        if (before == 0 || after == 0)
        {
            return before | after;
        }

        ref IntervalLinks low = ref TTree.In(ref nodes[before]);
        ref IntervalLinks high = ref TTree.In(ref nodes[after]);
        ulong last = Math.Max(low.MaxLast, high.MaxLast);
        if (PriorityOf(before) > PriorityOf(after))
        {
            low.Right = Merge(nodes, low.Right, after);
            low.MaxLast = last;
            return before;
        }

        high.Left = Merge(nodes, before, high.Left);
        high.MaxLast = last;
        return after;
    }

    private static void Refresh(TNode[] nodes, int at)
    {
        ref IntervalLinks links = ref TTree.In(ref nodes[at]);
        ulong last = links.Last;
        if (links.Left != 0)
        {
            last = Math.Max(last, TTree.In(ref nodes[links.Left]).MaxLast);
        }

        if (links.Right != 0)
        {
            last = Math.Max(last, TTree.In(ref nodes[links.Right]).MaxLast);
        }

        links.MaxLast = last;
    }

    private static bool IsBefore(TNode[] nodes, int left, int right)
    {
        ulong a = TTree.In(ref nodes[left]).First;
        ulong b = TTree.In(ref nodes[right]).First;
        return a != b ? a < b : left < right;
    }

    /// <summary>
    /// Heap order of the tree, by which it stays balanced: a bijective mix of the handle (the finalizer of
    /// MurmurHash3), so the same in every run.
    /// </summary>
    private static uint PriorityOf(int node)
    {
        uint value = (uint)node;
        value ^= value >> 16;
        value *= 0x85ebca6b;
        value ^= value >> 13;
        value *= 0xc2b2ae35;
        return value ^ (value >> 16);
    }
}
