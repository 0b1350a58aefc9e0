using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Families;

/// <summary>The VMAs in the interval tree of every anon_vma.</summary>
/// <remarks>
/// One array for all of them, the VMAs of an anon_vma side by side:
/// <code>
///   _first      0     2  3        7          by number of the anon_vma
///   _members    v v | v | v v v v | ...      (address space, place among its VMAs)
/// </code>
/// </remarks>
internal sealed class AnonVmaTrees
{
    private readonly IReadOnlyList<SpaceNode> _spaces;
    private readonly Dictionary<ulong, AnonVmaNode> _byId;
    private readonly int[] _first;
    private readonly (int Space, int Vma)[] _members;

    internal AnonVmaTrees(IReadOnlyList<SpaceNode> spaces, Dictionary<ulong, AnonVmaNode> byId)
    {
        _spaces = spaces;
        _byId = byId;
        _first = new int[byId.Count + 2];
        CountChains();
        for (int at = 1; at < _first.Length; at++)
        {
            _first[at] += _first[at - 1];
        }

        _members = new (int, int)[_first[^1]];
        int[] next = [.. _first];
        for (int space = 0; space < spaces.Count; space++)
        {
            IReadOnlyList<VmaImage> vmas = spaces[space].Image.Vmas;
            for (int at = 0; at < vmas.Count; at++)
            {
                for (int link = 0; link < vmas[at].Chain.Count; link++)
                {
                    if (byId.TryGetValue(vmas[at].Chain[link], out AnonVmaNode? node))
                    {
                        _members[next[node.Number]++] = (space, at);
                    }
                }
            }
        }
    }

    /// <summary>Entries of all chains.</summary>
    internal long ChainEntries { get; private set; }

    internal IEnumerable<(SpaceNode Space, VmaImage Vma)> Of(AnonVmaNode node)
    {
        for (int at = _first[node.Number]; at < _first[node.Number + 1]; at++)
        {
            (int space, int vma) = _members[at];
            yield return (_spaces[space], _spaces[space].Image.Vmas[vma]);
        }
    }

    /// <summary>Sizes, owners and coverage of the trees, and what they mean for each address space.</summary>
    internal void Measure(IReadOnlyList<AnonVmaNode> anonVmas)
    {
        PageOverlap overlap = new();
        List<VmaImage> tree = [];
        foreach (AnonVmaNode node in anonVmas)
        {
            tree.Clear();
            (SpaceNode? at, int here, int most) = (null, 0, 0);
            foreach ((SpaceNode space, VmaImage vma) in Of(node))
            {
                tree.Add(vma);
                node.MergeableVmas += (vma.Flags & VmaFlags.Mergeable) != 0 ? 1 : 0;
                here = space == at ? here : 0;
                at = space;
                if (vma.AnonVma != node.Image.Id)
                {
                    continue;
                }

                node.ActiveVmas++;
                if (++here > most)
                {
                    (most, node.Owner) = (here, space);
                }
            }

            node.TreeSize = tree.Count;
            node.Visits = tree.Count == 0 ? default : overlap.Of(tree);
            if (node.Owner is not null)
            {
                node.Owner.OwnAnonVmas++;
            }
        }

        foreach (SpaceNode space in _spaces)
        {
            foreach (AnonVmaImage image in space.Image.AnonVmas)
            {
                space.WidestTree = Math.Max(space.WidestTree, _byId[image.Id].TreeSize);
            }
        }
    }

    private void CountChains()
    {
        foreach (SpaceNode space in _spaces)
        {
            foreach (VmaImage vma in space.Image.Vmas)
            {
                space.ChainEntries += vma.Chain.Count;
                space.LongestChain = Math.Max(space.LongestChain, vma.Chain.Count);
                for (int link = 0; link < vma.Chain.Count; link++)
                {
                    if (_byId.TryGetValue(vma.Chain[link], out AnonVmaNode? node))
                    {
                        _first[node.Number + 1]++;
                    }
                }
            }

            ChainEntries += space.ChainEntries;
        }
    }
}
