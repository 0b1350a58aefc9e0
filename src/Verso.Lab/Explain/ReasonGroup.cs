using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Pairs that the same test keeps apart first, and that could be one.</summary>
/// <param name="First">The test; none: none that is known.</param>
/// <param name="Boundaries">The pairs, by ascending address; at least one, here or in <see cref="Beyond"/>.</param>
public sealed record ReasonGroup(MergeTests First, IReadOnlyList<Boundary> Boundaries)
{
    /// <summary>Mergeable now, not to be told, or kept apart: the same for all.</summary>
    public BoundaryStanding Standing { get; init; }

    /// <summary>
    /// Of different anon_vmas: pairs that this test would keep apart after all others, though the two do not fail it.
    /// What was never written lies between: once it is joined to one of its neighbours, it has an anon_vma that is not
    /// the other's. By ascending address; they are counted by what keeps them apart now, elsewhere.
    /// </summary>
    public IReadOnlyList<Boundary> Beyond { get; init; } = [];

    /// <summary>The same group with the pairs beyond among its own.</summary>
    public ReasonGroup WithBeyond => this with { Boundaries = [.. Boundaries, .. Beyond] };

    /// <summary>Pairs that no other test keeps apart.</summary>
    public int OnlyThis =>
        Boundaries.Count(boundary => (boundary.Verdict.Failed & ~boundary.LiftedWith(First)) == MergeTests.None);
}

/// <summary>Pairs that never could be one.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Boundaries">The pairs, by ascending address; at least one.</param>
public sealed record LastingGroup(LastingReason Reason, IReadOnlyList<Boundary> Boundaries);
