using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Trees = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.Lookups.VmaIntervalTree.Node, Verso.Engine.Lookups.VmaIntervalTree.ByPgoff>;

namespace Verso.Engine.Lookups;

/// <summary>
/// An interval tree by page offsets, as Linux has had since 2012: O(log n) to add or remove, O(log n + found) to walk.
/// </summary>
internal sealed class VmaIntervalTree(World world, SortedBy by = SortedBy.OwnPages) : VmaLookup(world, by)
{
    /// <summary>What a walk has yet to look at: as a local it would be cleared for each (8 ns).</summary>
    private readonly int[] _stack = new int[Trees.MaxDepth];

    private Node[] _nodes = new Node[64];

    /// <inheritdoc/>
    public override bool IsSorted => true;

    /// <inheritdoc/>
    public override void Add(ref LookupRoot root, VmaId vma)
    {
        Fit(ref _nodes, vma);
        ref Vma bounds = ref World.Vmas[vma];
        _nodes[vma.Value].Links = new IntervalLinks
        {
            First = OffsetOf(bounds),
            Last = OffsetOf(bounds) + bounds.Pages - 1,
        };
        root.Top = Trees.Insert(_nodes, root.Top, vma.Value);
    }

    /// <inheritdoc/>
    public override void Remove(ref LookupRoot root, VmaId vma) =>
        root.Top = Trees.Remove(_nodes, root.Top, vma.Value);

    /// <inheritdoc/>
    public override long Walk<TVisitor>(LookupRoot root, in RmapWalk walk, ref TVisitor visitor)
    {
        ulong first = walk.First;
        ulong last = walk.Last;
        Span<int> stack = _stack;
        int depth = 0;
        if (root.Top != 0)
        {
            stack[depth++] = root.Top;
        }

        long offered = 0;
        int at;
        while ((at = Trees.Next(_nodes, stack, ref depth, first, last)) != 0)
        {
            offered++;
            if (Offer(new VmaId(at), walk, ref visitor) == WalkStep.Stop)
            {
                break;
            }
        }

        return offered;
    }

    /// <inheritdoc/>
    public override string? Audit(LookupRoot root, List<VmaId> members)
    {
        Collect(root.Top, members);
        foreach (VmaId vma in members)
        {
            ref IntervalLinks links = ref _nodes[vma.Value].Links;
            ref Vma bounds = ref World.Vmas[vma];
            if (links.First != OffsetOf(bounds) || links.Last != OffsetOf(bounds) + bounds.Pages - 1)
            {
                return $"{vma} stands in its tree at offsets it no longer has";
            }
        }

        return null;
    }

    private void Collect(int top, List<VmaId> members)
    {
        if (top != 0)
        {
            Collect(_nodes[top].Links.Left, members);
            members.Add(new VmaId(top));
            Collect(_nodes[top].Links.Right, members);
        }
    }

    internal struct Node
    {
        public IntervalLinks Links;
    }

    internal readonly struct ByPgoff : IIntervalLinksOf<Node>
    {
        public static ref IntervalLinks In(ref Node node) => ref node.Links;
    }
}
