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
internal sealed class ForkOrder
{
    private readonly Link[] _links;

    private ForkOrder(IReadOnlyList<AnonVmaNode> anonVmas)
    {
        _links = new Link[anonVmas.Count + 1];
        foreach (AnonVmaNode node in anonVmas.OrderBy(node => node.Depth))
        {
            Add(node);
        }
    }

    internal static void Derive(IReadOnlyList<AnonVmaNode> anonVmas)
    {
        ForkOrder order = new(anonVmas);
        Dictionary<SpaceNode, Dictionary<SpaceNode, int>> votes = [];
        foreach (AnonVmaNode node in anonVmas)
        {
            if (node.Owner is not { } child || order._links[node.Number].Elder is not { Owner: { } elder })
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

    // Owners grow older from one elder to the next, so an ancestor that is not old enough is passed over with all
    // whom its leap skips if the one where it lands is not either: log(depth) steps, where one by one took a made-up
    // file of 60,000 generations 23 s. Leaps are those of a skew-binary list: two of one length become one of both.
    private void Add(AnonVmaNode node)
    {
        // Depth bounds the way up: a file may have circles.
        AnonVmaNode? parent = node.Parent is { } above && above.Depth < node.Depth ? above : null;
        AnonVmaNode? at = parent?.Owner is null && parent is not null ? _links[parent.Number].Elder : parent;
        if (node.Owner is { } child)
        {
            while (at is not null && !at.Owner!.IsOlderThan(child))
            {
                Link link = _links[at.Number];
                at = link.Leap is { } far && !far.Owner!.IsOlderThan(child) ? far : link.Elder;
            }
        }

        _links[node.Number] = LinkTo(at);
    }

    private Link LinkTo(AnonVmaNode? elder)
    {
        if (elder is null)
        {
            return default;
        }

        Link near = _links[elder.Number];
        if (near.Leap is null)
        {
            return new Link(elder, elder, near.Height + 1);
        }

        // The eldest of all leaps to itself.
        Link far = _links[near.Leap.Number];
        AnonVmaNode beyond = far.Leap ?? near.Leap;
        bool areAlike = near.Height - far.Height == far.Height - _links[beyond.Number].Height;
        return new Link(elder, areAlike ? beyond : elder, near.Height + 1);
    }

    /// <summary>From one anon_vma to those above it; of one without an owner, to the nearest with one.</summary>
    /// <param name="Elder">The nearest ancestor whose owner is older; null if there is none.</param>
    /// <param name="Leap">An elder's elder, some way up.</param>
    /// <param name="Height">How many elders there are.</param>
    private readonly record struct Link(AnonVmaNode? Elder, AnonVmaNode? Leap, int Height);
}
