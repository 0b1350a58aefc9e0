namespace Verso.Lab.Families;

/// <summary>
/// Who was forked from whom, by the parents of anon_vmas: fork gives each inherited VMA of the child an anon_vma whose
/// parent is that of the VMA it was copied from.
/// </summary>
/// <remarks>
/// A fork may reuse an anon_vma of an ancestor that has ended, and VMAs come and go, so every anon_vma has one vote:
/// for the owner of its nearest ancestor that belongs to somebody else who is older. What the VMAs of a process that
/// has ended knew is lost; its children have no parent then, or their grandparent.
/// </remarks>
internal static class ForkOrder
{
    internal static void Derive(IReadOnlyList<AnonVmaNode> anonVmas)
    {
        Dictionary<SpaceNode, Dictionary<SpaceNode, int>> votes = [];
        foreach (AnonVmaNode node in anonVmas)
        {
            if (node.Owner is not { } child || Elder(node, child) is not { } elder)
            {
                continue;
            }

            if (!votes.TryGetValue(child, out Dictionary<SpaceNode, int>? counts))
            {
                votes.Add(child, counts = []);
            }

            counts[elder] = counts.GetValueOrDefault(elder) + 1;
        }

        foreach ((SpaceNode child, Dictionary<SpaceNode, int> counts) in votes)
        {
            child.Parent = counts.OrderByDescending(vote => vote.Value)
                .ThenByDescending(vote => (vote.Key.Start, vote.Key.Index)).First().Key;
        }
    }

    // Depth bounds the way up: a file may be made up.
    private static SpaceNode? Elder(AnonVmaNode node, SpaceNode child)
    {
        AnonVmaNode? at = node.Parent;
        for (int left = node.Depth; at is not null && left > 0; left--)
        {
            if (at.Owner is { } owner && owner != child && owner.IsOlderThan(child))
            {
                return owner;
            }

            at = at.Parent;
        }

        return null;
    }
}
