using Verso.Engine.Images;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Families;

/// <summary>One address space of a snapshot, and what its reverse map costs.</summary>
public sealed class SpaceNode
{
    private readonly List<ProcessGraph> _processes = [];

    internal SpaceNode(int index, ProcessGraph process)
    {
        Index = index;
        Image = process.Image;
        Start = process.StartNanoseconds;
        _processes.Add(process);
    }

    /// <summary>Its place among the address spaces of the graph.</summary>
    public int Index { get; }

    /// <summary>As it was read.</summary>
    public MmImage Image { get; }

    /// <summary>The processes that share it, as a rule one; by ascending id.</summary>
    public IReadOnlyList<ProcessGraph> Processes => _processes;

    /// <summary>The first of them.</summary>
    public ProcessGraph Process => _processes[0];

    /// <summary>VMAs.</summary>
    public int Vmas => Image.Vmas.Count;

    /// <summary>Entries of the chains of its VMAs: as many anon_vma_chains, all its own.</summary>
    public long ChainEntries { get; internal set; }

    /// <summary>The longest chain of a VMA.</summary>
    public int LongestChain { get; internal set; }

    /// <summary>anon_vmas that its chains name, shared or not.</summary>
    public int NamedAnonVmas => Image.AnonVmas.Count;

    /// <summary>anon_vmas that are its own: <see cref="AnonVmaNode.Owner"/>. No two spaces count one.</summary>
    public int OwnAnonVmas { get; internal set; }

    /// <summary>
    /// The most VMAs in the tree of an anon_vma that its chains name: what a walk for its pages may visit.
    /// </summary>
    public int WidestTree { get; internal set; }

    /// <summary>
    /// The address space that it was forked from, as far as the graph tells; null if that is unknown or has ended.
    /// </summary>
    public SpaceNode? Parent { get; internal set; }

    /// <summary>Bytes of its anon_vma_chains and of the anon_vmas that are its own.</summary>
    public long ReverseMapBytes => SnapshotSummary.ReverseMapBytes(OwnAnonVmas, ChainEntries);

    /// <summary>When the oldest of its processes started, in nanoseconds of CLOCK_BOOTTIME.</summary>
    internal ulong Start { get; private set; }

    /// <summary>Whether it began before another; of two that began together, the one that was read first.</summary>
    internal bool IsOlderThan(SpaceNode other) => (Start, Index).CompareTo((other.Start, other.Index)) < 0;

    internal void Share(ProcessGraph process)
    {
        _processes.Add(process);
        Start = Math.Min(Start, process.StartNanoseconds);
    }
}
