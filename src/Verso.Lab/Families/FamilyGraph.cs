using System.Runtime.InteropServices;
using Verso.Engine.Images;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Families;

/// <summary>
/// The anon_vma graph of all address spaces of a snapshot as one: trees of anon_vmas, the VMAs in each interval tree,
/// and the families of processes that share them.
/// </summary>
public sealed class FamilyGraph
{
    private readonly List<SpaceNode> _spaces = [];
    private readonly List<AnonVmaNode> _anonVmas = [];
    private readonly Dictionary<ulong, AnonVmaNode> _byId;
    private readonly List<RootNode> _roots = [];
    private readonly List<Family> _families = [];
    private readonly AnonVmaTrees _trees;

    private FamilyGraph(Snapshot snapshot)
    {
        Snapshot = snapshot;
        _byId = new Dictionary<ulong, AnonVmaNode>(snapshot.Processes.Sum(process => process.Image.AnonVmas.Count));
        AddSpaces();
        Climb();
        _trees = new AnonVmaTrees(_spaces, _byId);
        _trees.Measure(_anonVmas);
        GatherRoots();
        ForkOrder.Derive(_anonVmas);
        GatherFamilies();
    }

    /// <summary>What it was made of.</summary>
    public Snapshot Snapshot { get; }

    /// <summary>The address spaces, in the order of the snapshot.</summary>
    public IReadOnlyList<SpaceNode> Spaces => _spaces;

    /// <summary>The anon_vmas by <see cref="AnonVmaNode.Number"/>, from 1.</summary>
    public IReadOnlyList<AnonVmaNode> AnonVmas => _anonVmas;

    /// <summary>Their trees, those that take the most bytes first.</summary>
    public IReadOnlyList<RootNode> Roots => _roots;

    /// <summary>
    /// The families with an anon_vma, those that take the most bytes first. A process related to no other is one.
    /// </summary>
    public IReadOnlyList<Family> Families => _families;

    /// <summary>Entries of all chains.</summary>
    public long ChainEntries => _trees.ChainEntries;

    /// <summary>VMAs of all address spaces.</summary>
    public long Vmas => _spaces.Sum(space => (long)space.Vmas);

    /// <summary>
    /// anon_vmas in whose trees there are VMAs, or under which there are anon_vmas, of processes not read.
    /// </summary>
    public int PartialCount => _anonVmas.Count(node => node.IsPartial);

    /// <summary>Bytes of all anon_vmas and anon_vma_chains.</summary>
    public long Bytes => SnapshotSummary.ReverseMapBytes(_anonVmas.Count, ChainEntries);

    /// <summary>Joins the images of a snapshot.</summary>
    public static FamilyGraph Of(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new FamilyGraph(snapshot);
    }

    /// <summary>
    /// The VMAs that were read in the interval tree of an anon_vma, by address space, then by address.
    /// </summary>
    public IEnumerable<(SpaceNode Space, VmaImage Vma)> TreeOf(AnonVmaNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return _trees.Of(node);
    }

    private void AddSpaces()
    {
        Dictionary<ulong, SpaceNode> known = [];
        foreach (ProcessGraph process in Snapshot.Processes)
        {
            ulong identity = process.Image.Identity;
            if (identity != 0 && known.TryGetValue(identity, out SpaceNode? shared))
            {
                shared.Share(process);
                continue;
            }

            SpaceNode space = new(_spaces.Count, process);
            _spaces.Add(space);
            known.TryAdd(identity, space);
            foreach (AnonVmaImage image in process.Image.AnonVmas)
            {
                ref AnonVmaNode? node = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    _byId, image.Id, out bool isKnown);
                if (isKnown)
                {
                    node!.Image = image;
                    continue;
                }

                node = new AnonVmaNode(_anonVmas.Count + 1, image);
                _anonVmas.Add(node);
            }
        }
    }

    // Parents, roots and depths. A made-up file may have circles: nobody is deeper than there are anon_vmas.
    private void Climb()
    {
        foreach (AnonVmaNode node in _anonVmas)
        {
            node.Root = _byId.GetValueOrDefault(node.Image.Root, node);
            if (node.Image.Parent != node.Image.Id && _byId.TryGetValue(node.Image.Parent, out AnonVmaNode? parent))
            {
                node.Parent = parent;
                parent.Children++;
            }
        }

        int[] depths = new int[_anonVmas.Count + 1];
        List<AnonVmaNode> path = [];
        foreach (AnonVmaNode node in _anonVmas)
        {
            path.Clear();
            AnonVmaNode? at = node;
            while (at is not null && depths[at.Number] == 0)
            {
                depths[at.Number] = -1;
                path.Add(at);
                at = at.Parent;
            }

            int depth = at is null ? 0 : Math.Max(depths[at.Number], 0);
            for (int i = path.Count - 1; i >= 0; i--)
            {
                depths[path[i].Number] = ++depth;
                path[i].Depth = depth - 1;
            }
        }
    }

    private void GatherRoots()
    {
        Dictionary<AnonVmaNode, RootNode> byRoot = new(_anonVmas.Count);
        foreach (AnonVmaNode node in _anonVmas)
        {
            RootNode root = RootOf(byRoot, node);
            root.AnonVmas++;
            root.Orphans += node.Owner is null ? 1 : 0;
            root.Depth = Math.Max(root.Depth, node.Depth);
            root.Widest = root.AnonVmas == 1 || node.TreeSize > root.Widest.TreeSize ? node : root.Widest;
        }

        foreach (SpaceNode space in _spaces)
        {
            foreach (VmaImage vma in space.Image.Vmas)
            {
                if (vma.Chain.Count == 0 || !_byId.TryGetValue(vma.Chain[0], out AnonVmaNode? first))
                {
                    continue;
                }

                RootNode root = RootOf(byRoot, first);
                root.Vmas++;
                root.ChainEntries += vma.Chain.Count;
                root.LongestChain = Math.Max(root.LongestChain, vma.Chain.Count);
                if (root.Members.Count == 0 || root.Members[^1] != space)
                {
                    root.Members.Add(space);
                }
            }
        }

        _roots.Sort((a, b) => (b.Bytes, a.Root.Number).CompareTo((a.Bytes, b.Root.Number)));
    }

    private RootNode RootOf(Dictionary<AnonVmaNode, RootNode> byRoot, AnonVmaNode node)
    {
        if (!byRoot.TryGetValue(node.Root, out RootNode? root))
        {
            root = new RootNode(node.Root);
            byRoot.Add(node.Root, root);
            _roots.Add(root);
        }

        return root;
    }

    private void GatherFamilies()
    {
        int[] leader = [.. Enumerable.Range(0, _spaces.Count)];
        foreach (RootNode root in _roots)
        {
            for (int at = 1; at < root.Members.Count; at++)
            {
                leader[LeaderOf(leader, root.Members[at].Index)] = LeaderOf(leader, root.Members[0].Index);
            }
        }

        Dictionary<int, Family> byLeader = [];
        foreach (IGrouping<int, SpaceNode> group in _spaces.GroupBy(space => LeaderOf(leader, space.Index)))
        {
            byLeader.Add(group.Key, new Family([.. group.OrderBy(space => (space.Start, space.Index))]));
        }

        foreach (RootNode root in _roots.Where(root => root.Members.Count > 0))
        {
            Family family = byLeader[LeaderOf(leader, root.Members[0].Index)];
            family.Roots++;
            family.AnonVmas += root.AnonVmas;
            family.Orphans += root.Orphans;
            family.Depth = Math.Max(family.Depth, root.Depth);
        }

        _families.AddRange(byLeader.Values.Where(family => family.Roots > 0)
            .OrderByDescending(family => family.Bytes).ThenBy(family => family.Spaces[0].Index));
    }

    private static int LeaderOf(int[] leader, int space)
    {
        while (leader[space] != space)
        {
            leader[space] = leader[leader[space]];
            space = leader[space];
        }

        return space;
    }
}
