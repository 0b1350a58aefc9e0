using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Lookups;

/// <summary>
/// A radix priority search tree: a heap by the last page offset, and below each VMA a radix tree by the first. What
/// Rajesh Venkatasubramanian wrote for file mappings in 2004 (lib/prio_tree.c until 2012), used for anonymous ones.
/// </summary>
/// <remarks>
/// <code>
///   Bits = 3: page offsets 0..7                      [2,7]             the greatest last offset of all
///                                          first &lt; 4 /     \ first >= 4
///                                             [0,3]         [5,6]       the greatest on that side
///                              first &lt; 2 /     \              \ first >= 6
///                                 [1,1]      [3,3]              [6,6]
/// </code>
/// <para>
/// A walk for pages p to q leaves out what ends below p (the heap) and begins above q (the radix): O(Bits + found).
/// VMAs with the same offsets, as fork makes them, are one node with a list (vm_set), found together.
/// </para>
/// <para>
/// Where the bits of the first offset are used up, VMAs that begin together are told apart by the bits of their length,
/// from the lowest, so the tree is at most 128 deep. A tree starts with the bits of its first VMA and becomes taller
/// when a higher offset comes; then the greatest VMAs move up to stand in the new levels.
/// </para>
/// </remarks>
internal sealed partial class VmaPrioTree(World world, SortedBy by = SortedBy.OwnPages) : VmaLookup(world, by)
{
    /// <summary>Bits of a first offset and bits of a length, and one.</summary>
    private const int MaxDepth = 129;

    /// <summary>What a walk has yet to look at: as a local it would be cleared for each.</summary>
    private readonly (int Node, int Depth)[] _stack = new (int, int)[MaxDepth];

    private Node[] _nodes = new Node[64];

    /// <inheritdoc/>
    public override bool IsSorted => true;

    /// <inheritdoc/>
    public override void Add(ref LookupRoot root, VmaId vma)
    {
        Fit(ref _nodes, vma);
        ref Vma bounds = ref World.Vmas[vma];
        _nodes[vma.Value] = new Node { First = OffsetOf(bounds), Last = OffsetOf(bounds) + bounds.Pages - 1 };
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount(_nodes[vma.Value].Last);
        if (bits > root.Bits)
        {
            RaiseRoot(ref root, bits);
        }

        Insert(ref root, vma.Value);
    }

    /// <inheritdoc/>
    public override void Remove(ref LookupRoot root, VmaId vma)
    {
        int gone = vma.Value;
        ref Node node = ref _nodes[gone];
        int twin = node.NextTwin;
        if (node.PreviousTwin != 0)
        {
            _nodes[node.PreviousTwin].NextTwin = twin;
            if (twin != 0)
            {
                _nodes[twin].PreviousTwin = node.PreviousTwin;
            }

            return;
        }

        ref int place = ref PlaceOf(ref root, gone);
        if (twin != 0)
        {
            _nodes[twin].PreviousTwin = 0;
            _nodes[twin].Left = node.Left;
            _nodes[twin].Right = node.Right;
            place = twin;
        }
        else
        {
            place = PullUp(gone);
        }

        if (root.Top == 0)
        {
            root.Bits = 0;
        }
    }

    /// <inheritdoc/>
    public override long Walk<TVisitor>(LookupRoot root, in RmapWalk walk, ref TVisitor visitor)
    {
        ulong first = walk.First;
        ulong last = walk.Last;
        Span<(int Node, int Depth)> stack = _stack;
        int waiting = 0;
        if (root.Top != 0)
        {
            stack[waiting++] = (root.Top, 0);
        }

        long offered = 0;
        while (waiting > 0)
        {
            (int at, int depth) = stack[--waiting];
            if (_nodes[at].Last < first)
            {
                // And so does everything below it.
                continue;
            }

            Invariant.Require(waiting + 2 <= stack.Length);
            if (_nodes[at].Right != 0 && RightBegins(_nodes[at].First, root.Bits, depth) <= last)
            {
                stack[waiting++] = (_nodes[at].Right, depth + 1);
            }

            if (_nodes[at].Left != 0)
            {
                stack[waiting++] = (_nodes[at].Left, depth + 1);
            }

            for (int twin = _nodes[at].First <= last ? at : 0; twin != 0; twin = _nodes[twin].NextTwin)
            {
                offered++;
                if (Offer(new VmaId(twin), walk, ref visitor) == WalkStep.Stop)
                {
                    return offered;
                }
            }
        }

        return offered;
    }

    /// <summary>
    /// The least first offset that can be on the right of a node at this depth; the least of all where only lengths
    /// tell the sides apart.
    /// </summary>
    private static ulong RightBegins(ulong first, int bits, int depth)
    {
        int bit = bits - 1 - depth;
        return bit < 0 ? 0 : ((first >> bit) | 1) << bit;
    }

    /// <summary>On which side of a node at this depth another one is.</summary>
    private bool IsRight(int at, int bits, int depth)
    {
        ref Node node = ref _nodes[at];
        int bit = bits - 1 - depth;
        ulong side = bit >= 0 ? node.First >> bit : (node.Last - node.First) >> (depth - bits);
        return (side & 1) != 0;
    }

    /// <summary>
    /// Heap order: the one that ends later stands above; of those that end together, the one that begins later.
    /// </summary>
    private bool IsAbove(int left, int right) =>
        _nodes[left].Last != _nodes[right].Last
            ? _nodes[left].Last > _nodes[right].Last
            : _nodes[left].First > _nodes[right].First;

    private bool IsTwin(int left, int right) =>
        _nodes[left].First == _nodes[right].First && _nodes[left].Last == _nodes[right].Last;

    private ref int Below(int at, bool right) => ref right ? ref _nodes[at].Right : ref _nodes[at].Left;

    /// <summary>
    /// Downwards; whoever is above the newcomer in heap order keeps its place, the others each move one down.
    /// </summary>
    private void Insert(ref LookupRoot root, int fresh)
    {
        ref int place = ref root.Top;
        int moving = fresh;
        for (int depth = 0; place != 0; depth++)
        {
            int at = place;
            if (IsTwin(moving, at))
            {
                JoinTwins(at, moving);
                return;
            }

            if (IsAbove(moving, at))
            {
                _nodes[moving].Left = _nodes[at].Left;
                _nodes[moving].Right = _nodes[at].Right;
                place = moving;
                moving = at;
            }

            place = ref Below(place, IsRight(moving, root.Bits, depth));
        }

        _nodes[moving].Left = 0;
        _nodes[moving].Right = 0;
        place = moving;
    }

    private void JoinTwins(int at, int fresh)
    {
        int next = _nodes[at].NextTwin;
        _nodes[fresh].PreviousTwin = at;
        _nodes[fresh].NextTwin = next;
        _nodes[at].NextTwin = fresh;
        if (next != 0)
        {
            _nodes[next].PreviousTwin = fresh;
        }
    }

    /// <summary>The link that leads to a node. Requires: it is in this tree, and no twin of another.</summary>
    private ref int PlaceOf(ref LookupRoot root, int node)
    {
        ref int place = ref root.Top;
        for (int depth = 0; place != node; depth++)
        {
            Invariant.Require(place != 0);
            place = ref Below(place, IsRight(node, root.Bits, depth));
        }

        return ref place;
    }

    /// <summary>The subtree of a node without it: the greater child takes its place, and so on down.</summary>
    private int PullUp(int gone)
    {
        int left = _nodes[gone].Left;
        int right = _nodes[gone].Right;
        if (left == 0 && right == 0)
        {
            return 0;
        }

        bool fromRight = left == 0 || (right != 0 && IsAbove(right, left));
        int up = fromRight ? right : left;
        int rest = PullUp(up);
        _nodes[up].Left = fromRight ? left : rest;
        _nodes[up].Right = fromRight ? rest : right;
        return up;
    }

    /// <summary>
    /// More levels: everything there has a 0 in each of the new bits, so the greatest stand one below the other, and
    /// the rest of the old tree is on the left of the last.
    /// </summary>
    private void RaiseRoot(ref LookupRoot root, int bits)
    {
        int rest = root.Top;
        root.Top = 0;
        ref int place = ref root.Top;
        for (int level = bits; level > root.Bits && rest != 0; level--)
        {
            int greatest = rest;
            rest = PullUp(greatest);
            _nodes[greatest].Left = 0;
            _nodes[greatest].Right = 0;
            place = greatest;
            place = ref _nodes[greatest].Left;
        }

        place = rest;
        root.Bits = bits;
    }

    private struct Node
    {
        /// <summary>Page offsets of the VMA when it was added, both inclusive.</summary>
        public ulong First;
        public ulong Last;

        public int Left;
        public int Right;

        /// <summary>VMAs with the same offsets; only the first is in the tree.</summary>
        public int NextTwin;

        /// <summary>0 of the one in the tree.</summary>
        public int PreviousTwin;
    }
}
