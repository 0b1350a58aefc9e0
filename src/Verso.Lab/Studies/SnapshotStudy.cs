using Verso.Engine;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Lab.Replay;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Studies;

/// <summary>All that a report of a snapshot is made of.</summary>
/// <param name="Name">Of its file.</param>
/// <param name="Graph">The graph of its address spaces.</param>
public sealed record SnapshotStudy(string Name, FamilyGraph Graph)
{
    /// <summary>Address spaces that are explained.</summary>
    private const int MostSpaces = 8;

    /// <summary>What each design would hold for them.</summary>
    public required IReadOnlyList<DesignHoldings> Designs { get; init; }

    /// <summary>The largest address spaces, that with the most VMAs first.</summary>
    public required IReadOnlyList<(SpaceNode Node, SpaceExplanation Space)> Spaces { get; init; }

    /// <summary>Studies a snapshot.</summary>
    /// <param name="name">Of its file.</param>
    /// <param name="snapshot">It.</param>
    /// <param name="designs">The designs to load it into.</param>
    /// <param name="jobs">Machines at once.</param>
    /// <param name="memoryLimitBytes">What a machine may take; those at once share it.</param>
    /// <param name="cancellation">Ends it.</param>
    public static SnapshotStudy Of(
        string name,
        Snapshot snapshot,
        IReadOnlyList<DesignChoice> designs,
        int jobs,
        long memoryLimitBytes,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        FamilyGraph graph = FamilyGraph.Of(snapshot);
        return new SnapshotStudy(name, graph)
        {
            Designs = DesignHoldings.Of(graph, designs, jobs, memoryLimitBytes, null, cancellation),
            Spaces =
            [
                .. graph.Spaces.Where(space => space.Vmas > 0).OrderByDescending(space => space.Vmas).Take(MostSpaces)
                    .Select(space => (space, Space: Explain(snapshot, space.Process)))
                    .Where(each => each.Space is not null).Select(each => (each.space, each.Space!)),
            ],
        };
    }

    /// <summary>Explains a process; null where no kernel has such an address space.</summary>
    /// <param name="snapshot">Where it is.</param>
    /// <param name="process">It.</param>
    /// <param name="rules">Which kernel's tests; null: those of the snapshot's.</param>
    /// <param name="callers">Which calls its boundaries come from; null: nobody knows.</param>
    internal static SpaceExplanation? Explain(
        Snapshot snapshot, ProcessGraph process, KernelRules? rules = null, BoundaryCallers? callers = null)
    {
        try
        {
            return SpaceExplanation.Of(
                process,
                snapshot.Files,
                snapshot.Header.MaxMapCount,
                rules ?? RulesChoice.For(snapshot.Header.Kernel).Rules,
                snapshot.Header.Kernel,
                callers);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
