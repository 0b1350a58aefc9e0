using Verso.Lab.Snapshots;

namespace Verso.Lab.Families;

/// <summary>One tree of anon_vmas: what came, over forks, of one VMA that was written to.</summary>
public sealed class RootNode
{
    internal RootNode(AnonVmaNode root) => Root = root;

    /// <summary>The anon_vma at the top, under whose lock all of them are.</summary>
    public AnonVmaNode Root { get; }

    /// <summary>Address spaces with a VMA in it, in the order of the snapshot.</summary>
    public IReadOnlyList<SpaceNode> Spaces => Members;

    /// <summary>anon_vmas of the tree, the root among them.</summary>
    public int AnonVmas { get; internal set; }

    /// <summary>Those among them whose owner has ended.</summary>
    public int Orphans { get; internal set; }

    /// <summary>VMAs whose chain is in it.</summary>
    public int Vmas { get; internal set; }

    /// <summary>Entries of their chains.</summary>
    public long ChainEntries { get; internal set; }

    /// <summary>The longest of these chains.</summary>
    public int LongestChain { get; internal set; }

    /// <summary>The longest way from an anon_vma up to the root, in parents.</summary>
    public int Depth { get; internal set; }

    /// <summary>The anon_vma with the most VMAs in its tree.</summary>
    public AnonVmaNode Widest { get; internal set; } = null!;

    /// <summary>Bytes of its anon_vmas and anon_vma_chains.</summary>
    public long Bytes => SnapshotSummary.ReverseMapBytes(AnonVmas, ChainEntries);

    internal List<SpaceNode> Members { get; } = [];
}

/// <summary>Address spaces that are related by fork: joined by roots that they share.</summary>
public sealed class Family
{
    internal Family(IReadOnlyList<SpaceNode> spaces) => Spaces = spaces;

    /// <summary>The address spaces, the oldest first.</summary>
    public IReadOnlyList<SpaceNode> Spaces { get; }

    /// <summary>Those whose <see cref="SpaceNode.Parent"/> is not among the living, the oldest first.</summary>
    public IEnumerable<SpaceNode> Heads => Spaces.Where(space => space.Parent is null);

    /// <summary>Trees of anon_vmas.</summary>
    public int Roots { get; internal set; }

    /// <summary>anon_vmas of all of them.</summary>
    public long AnonVmas { get; internal set; }

    /// <summary>Those among them whose owner has ended.</summary>
    public long Orphans { get; internal set; }

    /// <summary>VMAs of all its address spaces, written to or not.</summary>
    public long Vmas => Spaces.Sum(space => (long)space.Vmas);

    /// <summary>Entries of all chains.</summary>
    public long ChainEntries => Spaces.Sum(space => space.ChainEntries);

    /// <summary>The longest chain of a VMA.</summary>
    public int LongestChain => Spaces.Max(space => space.LongestChain);

    /// <summary>The longest way from an anon_vma up to its root, in parents.</summary>
    public int Depth { get; internal set; }

    /// <summary>Bytes of its anon_vmas and anon_vma_chains.</summary>
    public long Bytes => SnapshotSummary.ReverseMapBytes(AnonVmas, ChainEntries);
}
