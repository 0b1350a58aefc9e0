using Verso.Engine.Vmas;

namespace Verso.Engine.Lookups;

// The check that the tree is one: heap, radix, lists of twins.
internal sealed partial class VmaPrioTree
{
    /// <inheritdoc/>
    public override string? Audit(LookupRoot root, List<VmaId> members) =>
        root.Top == 0 && root.Bits != 0 ? "an empty tree has bits" : AuditBelow(root, root.Top, members);

    private string? AuditBelow(LookupRoot root, int at, List<VmaId> members)
    {
        if (at == 0)
        {
            return null;
        }

        int previous = 0;
        for (int twin = at; twin != 0; twin = _nodes[twin].NextTwin)
        {
            ref Vma vma = ref World.Vmas[new VmaId(twin)];
            if (_nodes[twin].First != OffsetOf(vma) || _nodes[twin].Last != OffsetOf(vma) + vma.Pages - 1)
            {
                return $"{new VmaId(twin)} stands in its tree at offsets it no longer has";
            }

            if (!IsTwin(twin, at) || _nodes[twin].PreviousTwin != previous)
            {
                return $"{new VmaId(twin)} is on a list of VMAs with other offsets, or linked wrongly";
            }

            members.Add(new VmaId(twin));
            previous = twin;
        }

        return !IsReachable(root, at)
            ? $"{new VmaId(at)} is on the wrong side of one above it"
            : AuditChild(root, at, _nodes[at].Left, members) ?? AuditChild(root, at, _nodes[at].Right, members);
    }

    private string? AuditChild(LookupRoot root, int at, int child, List<VmaId> members) =>
        child != 0 && (IsAbove(child, at) || _nodes[child].Last >> root.Bits != 0)
            ? $"{new VmaId(child)} should be above {new VmaId(at)}"
            : AuditBelow(root, child, members);

    /// <summary>Whether the bits of a node lead to it.</summary>
    private bool IsReachable(LookupRoot root, int node)
    {
        int at = root.Top;
        for (int depth = 0; at != 0 && at != node; depth++)
        {
            at = Below(at, IsRight(node, root.Bits, depth));
        }

        return at == node;
    }
}
