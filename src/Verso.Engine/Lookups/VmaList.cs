using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Lookups;

/// <summary>
/// A plain list, newest first (list_add): a step to add or remove, and every walk looks at every VMA.
/// </summary>
internal sealed class VmaList(World world, SortedBy by = SortedBy.OwnPages) : VmaLookup(world, by)
{
    private Link[] _links = new Link[64];

    /// <inheritdoc/>
    public override bool IsSorted => false;

    /// <inheritdoc/>
    public override void Add(ref LookupRoot root, VmaId vma)
    {
        Fit(ref _links, vma);
        _links[vma.Value] = new Link { Next = root.Top };
        if (root.Top != 0)
        {
            _links[root.Top].Previous = vma.Value;
        }

        root.Top = vma.Value;
    }

    /// <inheritdoc/>
    public override void Remove(ref LookupRoot root, VmaId vma)
    {
        ref Link link = ref _links[vma.Value];
        if (link.Previous == 0)
        {
            Invariant.Require(root.Top == vma.Value);
            root.Top = link.Next;
        }
        else
        {
            Invariant.Require(_links[link.Previous].Next == vma.Value);
            _links[link.Previous].Next = link.Next;
        }

        if (link.Next != 0)
        {
            _links[link.Next].Previous = link.Previous;
        }

        link = default;
    }

    /// <inheritdoc/>
    /// <remarks>A VMA that covers none of the page offsets is a useless visit, which needs no page table.</remarks>
    public override long Walk<TVisitor>(LookupRoot root, in RmapWalk walk, ref TVisitor visitor)
    {
        long looked = 0;
        int passed = 0;
        for (int at = root.Top; at != 0; at = _links[at].Next)
        {
            ref Vma vma = ref World.Vmas[new VmaId(at)];
            looked++;
            if (!walk.Overlaps(vma, OffsetOf(vma)))
            {
                passed++;
                continue;
            }

            Dismiss(ref passed, ref visitor);
            if (Offer(new VmaId(at), walk, ref visitor) == WalkStep.Stop)
            {
                return looked;
            }
        }

        Dismiss(ref passed, ref visitor);
        return looked;
    }

    /// <inheritdoc/>
    public override string? Audit(LookupRoot root, List<VmaId> members)
    {
        int previous = 0;
        for (int at = root.Top; at != 0; at = _links[at].Next)
        {
            if (_links[at].Previous != previous)
            {
                return $"{new VmaId(at)}: the list leads back to {new VmaId(_links[at].Previous)}";
            }

            members.Add(new VmaId(at));
            previous = at;
        }

        return null;
    }

    private void Dismiss<TVisitor>(ref int passed, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        if (passed > 0)
        {
            visitor.Dismiss(passed);
            Passed += passed;
            passed = 0;
        }
    }

    private struct Link
    {
        public int Next;

        /// <summary>0 at the head.</summary>
        public int Previous;
    }
}
