using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Lab.Fidelity;

/// <summary>So many of so many agreed.</summary>
public readonly record struct Agreement(long Matched, long Total)
{
    public bool IsFull => Matched == Total;

    /// <summary>The share that agreed, 0 to 1; 1 where there was nothing to agree on.</summary>
    public double Share => Total == 0 ? 1 : (double)Matched / Total;

    public static Agreement operator +(Agreement left, Agreement right) =>
        new(left.Matched + right.Matched, left.Total + right.Total);
}

/// <summary>How much of the kernel's state a replay had at a set of checkpoints.</summary>
public sealed record FidelityScore
{
    /// <summary>Checkpoints that were compared.</summary>
    public long Checkpoints { get; internal set; }

    /// <summary>VMAs with equal range, flags, pgoff and file; of all that the kernel or the replay had.</summary>
    public Agreement Vmas { get; internal set; }

    /// <summary>
    /// VMAs whose place in the anon_vma graph agrees: chain in order, roots, parents and counts. Of those with a
    /// chain in the kernel or in the replay.
    /// </summary>
    public Agreement GraphVmas { get; internal set; }

    /// <summary>anon_vmas whose root, parent and counts agree; of all that the kernel had.</summary>
    public Agreement GraphNodes { get; internal set; }

    /// <summary>
    /// VMAs of the kernel whose whole range has the same flags, file and file offset in the replay, however it is cut
    /// into VMAs there: what any design must keep, whatever its merge rules.
    /// </summary>
    public Agreement Ranges { get; internal set; }

    internal static FidelityScore Sum(FidelityScore left, FidelityScore right) => new()
    {
        Checkpoints = left.Checkpoints + right.Checkpoints,
        Vmas = left.Vmas + right.Vmas,
        GraphVmas = left.GraphVmas + right.GraphVmas,
        GraphNodes = left.GraphNodes + right.GraphNodes,
        Ranges = left.Ranges + right.Ranges,
    };
}

/// <summary>The verdict of the checkpoints on a replay.</summary>
public sealed record FidelityResult
{
    /// <summary>Checkpoints during which no other task could change the state.</summary>
    public required FidelityScore Quiescent { get; init; }

    /// <summary>Checkpoints taken while other tasks ran: counts may have moved under the recorder's eyes.</summary>
    public required FidelityScore Concurrent { get; init; }

    public FidelityScore All => FidelityScore.Sum(Quiescent, Concurrent);

    /// <summary>
    /// Whether the design claims the kernel's own VMAs and graph; else only <see cref="FidelityScore.Ranges"/>
    /// counts.
    /// </summary>
    public required FidelityScope Scope { get; init; }

    /// <summary>VMAs that differ, at all checkpoints, by each thing in which they do.</summary>
    public required IReadOnlyDictionary<DifferenceCauses, long> Causes { get; init; }

    /// <summary>The first differences, each told once for as long as it lasts.</summary>
    public required IReadOnlyList<Difference> Differences { get; init; }

    /// <summary>How many such differences there were.</summary>
    public required long DistinctDifferences { get; init; }

    /// <summary>Checkpoints at which mm->brk differed.</summary>
    public required long BreakDifferences { get; init; }

    /// <summary>What verification found: violations of S2, of the audit, or leaks (S3); the first few.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>How often verification ran.</summary>
    public required long Verifications { get; init; }

    /// <summary>Where there is no kernel's state to compare with.</summary>
    /// <param name="violations">What verification found.</param>
    /// <param name="verifications">How often it ran.</param>
    internal static FidelityResult Unscored(IReadOnlyList<string> violations, long verifications) => new()
    {
        Quiescent = new FidelityScore(),
        Concurrent = new FidelityScore(),
        Scope = FidelityScope.Ranges,
        Causes = new Dictionary<DifferenceCauses, long>(),
        Differences = [],
        DistinctDifferences = 0,
        BreakDifferences = 0,
        Violations = violations,
        Verifications = verifications,
    };

    /// <summary>Whether everything that was compared agreed.</summary>
    public bool IsFull => Violations.Count == 0 && (Scope == FidelityScope.Exact
        ? All.Vmas.IsFull && All.GraphVmas.IsFull && All.GraphNodes.IsFull
        : All.Ranges.IsFull);
}

/// <summary>What a design must have in common with the kernel.</summary>
public enum FidelityScope
{
    /// <summary>Its merge rules are not the kernel's: the mapped ranges and what they are.</summary>
    Ranges = 0,

    /// <summary>It is the kernel's own design: every VMA and the anon_vma graph.</summary>
    Exact = 1,
}

/// <summary>A VMA that differs from the kernel's at a checkpoint.</summary>
public sealed record Difference
{
    /// <summary>The number of the checkpoint's event, counted from 1.</summary>
    public required long EventNumber { get; init; }

    /// <summary>The checkpoint, without its image.</summary>
    public required TraceEvent Checkpoint { get; init; }

    /// <summary>Where the VMA starts: the key both sides are found by.</summary>
    public required ulong Start { get; init; }

    public required DifferenceCauses Causes { get; init; }

    /// <summary>The replay's VMA; null if there is none.</summary>
    public required VmaDescription? Ours { get; init; }

    /// <summary>The kernel's; null if there is none.</summary>
    public required VmaDescription? Kernels { get; init; }

    /// <summary>
    /// The last events that touched this range of this address space; empty unless history was asked for.
    /// </summary>
    public required IReadOnlyList<NumberedEvent> History { get; init; }
}

/// <summary>A VMA as people read it.</summary>
/// <param name="Vma">Range, flags, pgoff, anon_vma and chain; ids are those of its own side.</param>
/// <param name="File">The file as device:inode and path; empty for anonymous memory.</param>
/// <param name="Nodes">The anon_vmas of the chain, in order, as far as they are known.</param>
public sealed record VmaDescription(VmaImage Vma, string File, IReadOnlyList<AnonVmaImage> Nodes);
