namespace Verso.Engine.Vmas;

// Whether the tree is one.
public sealed partial class VmaTree
{
    /// <summary>Checks everything that searches rely on, O(n). Null, or the first violation.</summary>
    internal string? Audit()
    {
        if (_root == 0)
        {
            return Count == 0 ? null : $"an empty tree counts {Count}";
        }

        int members = -1;
        string? violation = AuditNode(_root, ulong.MaxValue, ref members);
        return violation ?? (members == Count ? null : $"{members} members, {Count} counted");
    }

    private string? AuditNode(int index, ulong end, ref int members)
    {
        ref VmaNode node = ref pool[index];
        if (node.Count is < 1 or > VmaNode.Capacity || (node.IsLeaf && node.Starts[node.Count] != end))
        {
            return $"node {index} has {node.Count} entries and ends at {node.Starts[node.Count]:x} of {end:x}";
        }

        members += node.IsLeaf ? node.Count : 0;
        for (int slot = 0; slot < node.Count; slot++)
        {
            ulong next = slot + 1 < node.Count ? node.Starts[slot + 1] : end;
            string? violation = node.IsLeaf
                ? AuditMember(node, slot, next)
                : AuditBelow(index, slot, next, ref members);
            if (violation is not null)
            {
                return $"node {index}, entry {slot}: {violation}";
            }
        }

        return null;
    }

    private static string? AuditMember(in VmaNode leaf, int slot, ulong next)
    {
        (ulong start, ulong end) = (leaf.Starts[slot], leaf.Values[slot]);
        bool isNone = leaf.Entries[slot] == 0 && start == 0 && end == 0;
        return (isNone || start < end) && end <= next ? null : $"{start:x}-{end:x} before {next:x}";
    }

    private string? AuditBelow(int index, int slot, ulong next, ref int members)
    {
        int below = pool[index].Entries[slot];
        ref VmaNode node = ref pool[below];
        bool isSound = node.Parent == index && node.Level == pool[index].Level - 1
            && node.Starts[0] == pool[index].Starts[slot] && node.LargestHole() == node.Hole
            && node.Hole == pool[index].Values[slot];
        return isSound ? AuditNode(below, next, ref members)
            : $"node {below}: parent {node.Parent}, start {node.Starts[0]:x}, largest hole {node.LargestHole():x}";
    }
}
