using Verso.Lab.Snapshots;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Families;

/// <summary>What the reverse map of a snapshot costs, and whose it is.</summary>
public sealed record ReverseMapCosts
{
    /// <summary>The graph.</summary>
    public required FamilyGraph Graph { get; init; }

    /// <summary>The snapshot summed up.</summary>
    public required SnapshotSummary Summary { get; init; }

    /// <summary>anon_vmas by the size of their trees.</summary>
    public required WalkHistogram Walks { get; init; }

    /// <summary>The anon_vmas with the most VMAs for one page (also of KSM), then those with the most in all.</summary>
    public required IReadOnlyList<AnonVmaNode> Worst { get; init; }

    /// <summary>VMAs that the longest walk for a page merged by KSM visits; 0 if no VMA is open to KSM.</summary>
    public int MostOfKsm =>
        Graph.AnonVmas.Select(node => node.VisitsOfKsm(Graph.Snapshot.Header.Kernel)).DefaultIfEmpty().Max();

    /// <summary>The address spaces, those whose reverse map takes the most bytes first.</summary>
    public required IReadOnlyList<SpaceNode> BySpace { get; init; }

    /// <summary>What designs would hold for this graph; empty unless it was asked for.</summary>
    public IReadOnlyList<DesignHoldings> Designs { get; init; } = [];

    /// <summary>
    /// The kernel's own count of its objects; empty where nobody looked, or it is not of all processes.
    /// </summary>
    public IReadOnlyList<SlabCache> Slabs { get; init; } = [];

    /// <summary>Makes the lists.</summary>
    public static ReverseMapCosts Of(Snapshot snapshot)
    {
        FamilyGraph graph = FamilyGraph.Of(snapshot);
        return new ReverseMapCosts
        {
            Graph = graph,
            Summary = SnapshotSummary.Of(snapshot),
            Walks = WalkHistogram.Of(graph.AnonVmas),
            Worst = [.. graph.AnonVmas
                .OrderByDescending(node => Math.Max(node.Visits.Most, node.VisitsOfKsm(snapshot.Header.Kernel)))
                .ThenByDescending(node => node.TreeSize)
                .ThenBy(node => node.Number)],
            BySpace = [.. graph.Spaces.OrderByDescending(space => space.ReverseMapBytes)
                .ThenByDescending(space => space.Vmas).ThenBy(space => space.Process.Pid)],
        };
    }
}
