using Verso.Engine;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>How a remedy is known.</summary>
public enum RemedyBasis
{
    /// <summary>A scenario, a program or a test of this repository shows it on the live kernel.</summary>
    Measured = 0,

    /// <summary>It follows from the rules, and nobody has tried it here.</summary>
    Inferred = 1,
}

/// <summary>What would let two VMAs become one.</summary>
/// <param name="Text">One sentence.</param>
/// <param name="Basis">How it is known.</param>
/// <param name="Shown">Where it is shown: a file of this repository, with its argument; empty if inferred.</param>
/// <param name="Since">
/// The first series of kernels it works on; empty: no kernel whose rules are here does without it.
/// </param>
public sealed record Remedy(string Text, RemedyBasis Basis, string Shown = "", string Since = "")
{
    /// <summary>The kernel it was measured on, if it was.</summary>
    public string MeasuredOn { get; init; } = "6.18.44";

    /// <summary>What there never would have been with it; null if that is no difference of neighbours.</summary>
    internal Lift? Lift { get; init; }

    /// <summary>How many VMAs there would be, where it takes calls to find out; null: what the lift gives.</summary>
    internal Func<SpaceExplanation, int>? Play { get; init; }

    /// <summary>Whether a kernel has what it needs.</summary>
    /// <param name="kernel">As <c>uname -r</c> has it.</param>
    public bool WorksOn(string kernel) => Since.Length == 0 || KernelRules.IsAtLeast(kernel, Since);

    /// <summary>Those of some pairs that it is for; all of them where nothing tells.</summary>
    internal IReadOnlyList<Boundary> Among(IReadOnlyList<Boundary> pairs)
    {
        Boundary[] those = [.. pairs.Where(FlagRemedies.CaseOf(this) ?? IsFor)];
        return those.Length > 0 ? those : pairs;
    }

    // What has no lift moves anonymous memory back.
    private bool IsFor(Boundary pair)
    {
        MergeTests tests = Lift?.Tests ?? MergeTests.PageOffset;
        return (tests == MergeTests.None || ((pair.Verdict.Failed | pair.Untold) & tests) != MergeTests.None)
            && (Lift?.Applies(pair) ?? pair.IsAnonymous);
    }

    /// <summary>The remedies for pairs that a test keeps apart, the best first; empty if there is none.</summary>
    public static IReadOnlyList<Remedy> For(ReasonGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        bool isOfDevice = group.Boundaries.Any(pair => pair.IsOfZeroDevice);
        IReadOnlyList<Boundary> others = [.. group.Boundaries.Where(pair => !pair.IsOfZeroDevice)];
        return
        [
            .. isOfDevice ? (Remedy[])[FileRemedies.NoDevice] : [],
            .. others.Count > 0 ? For(group.First, group with { Boundaries = others }) : [],
        ];
    }

    private static IReadOnlyList<Remedy> For(MergeTests first, ReasonGroup group)
    {
        Boundary[] moved = [.. group.Boundaries.Where(pair => (pair.Verdict.Failed & MergeTests.PageOffset) != 0)];
        return first switch
        {
            MergeTests.None when group.Standing == BoundaryStanding.CannotTell =>
                group.Boundaries.Any(each => each.Pages == AnonymousPages.Both) ? AnonVmaRemedies() : [],
            MergeTests.None => [.. ToggleRemedies.For(group.Boundaries), .. OneWayRemedies(group.Boundaries)],
            MergeTests.Policy => [OnePolicy],
            MergeTests.Flags => [.. FlagRemedies.For(group.Boundaries)],
            MergeTests.File =>
            [
                .. group.Boundaries.All(each => each.IsSharedAnonymous) ? [] : (Remedy[])[FileRemedies.OneDescriptor],
                .. group.Boundaries.Any(each => each.IsSharedAnonymous) ? (Remedy[])[FileRemedies.OneObject] : [],
                .. moved.Any(each => !each.IsSharedAnonymous) ? (Remedy[])[FileRemedies.InFileOrder] : [],
            ],
            MergeTests.Userfaultfd => [OneUserfaultfd],
            MergeTests.Name => [OneName],
            MergeTests.AnonVma =>
            [
                .. group.Boundaries.All(each => each.HasForked) ? [] : AnonVmaRemedies(),
                .. group.Boundaries.Any(each => each.HasForked) ? (Remedy[])[AlikeBefore, WholeBefore] : [],
                .. PageOffsetRemedies(moved),
            ],
            MergeTests.ForkedChain => [AlikeBefore, WholeBefore, MapAnew, .. PageOffsetRemedies(moved)],
            MergeTests.PageOffset => [.. PageOffsetRemedies(moved)],
            _ => [],
        };
    }

    /// <summary>Every remedy there is.</summary>
    public static IReadOnlyList<Remedy> All =>
    [
        .. ToggleRemedies.All, OnePolicy, .. FlagRemedies.All, .. FileRemedies.All, OneUserfaultfd, OneName,
        .. AnonVmaRemedies(), AlikeBefore, WholeBefore, MapAnew, NewerKernel, MoveBack, MoveBefore, .. HoleRemedies.All,
    ];

    private static Remedy OnePolicy { get; } = new(
        "Set one memory policy for the whole range, in one call of mbind.",
        RemedyBasis.Measured,
        "scenarios/attributes/policy-whole.txt")
    {
        Lift = new Lift(MergeTests.Policy),
    };

    private static Remedy OneUserfaultfd { get; } = new(
        "Register all ranges with one userfaultfd: the kernel compares the context of each object.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/uffd-regions.c never")
    {
        Lift = new Lift(MergeTests.Userfaultfd),
    };

    private static Remedy OneName { get; } = new(
        "Give neighbours the same name, or none (PR_SET_VMA_ANON_NAME).",
        RemedyBasis.Measured,
        "scenarios/attributes/name.txt",
        "5.17")
    {
        MeasuredOn = "6.12.117",
        Lift = new Lift(MergeTests.Name),
    };

    private static Lift OfFork { get; } =
        new(Lift.Consequences) { Applies = static pair => pair.HasForked, Always = MergeTests.None };

    private static Remedy MapAnew { get; } = new(
        "Forked VMAs keep their anon_vma chain: after fork, put new data in a mapping of its own, not between them.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c map-anew")
    {
        Lift = OfFork with { Staying = static row => 1 + row.Count(vma => vma.Chain.Count > 1) },
    };

    private static Remedy AlikeBefore { get; } = new(
        "Fork gives each VMA an anon_vma of its own: undo before fork what divides neighbours, not after.",
        RemedyBasis.Measured,
        "scenarios/fork/alike-before.txt")
    {
        Lift = OfFork with { KeepsOrigins = true },
    };

    private static Remedy WholeBefore { get; } = new(
        "Before fork, make all of it accessible before any of it is written: fork then copies one VMA.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c whole-before")
    {
        Lift = OfFork,
    };

    private static Remedy NewerKernel { get; } = new(
        "Later kernels join a VMA that was never written and one that was, whichever of them a call changes.",
        RemedyBasis.Measured,
        "scenarios/merge/mprotect-unfaulted-left-faulted-right.txt",
        "6.16")
    {
        Lift = new Lift(MergeTests.None),
    };

    private static Remedy MoveBack { get; } = new(
        "What mremap moved after it was written keeps the offsets of its old place: move it back.",
        RemedyBasis.Measured,
        "scenarios/merge/mremap-faulted-away-and-back.txt")
    {
        Play = MovesBack.Count,
    };

    private static Remedy MoveBefore { get; } = new(
        "Move it before it is written: it then takes the offsets of its new place.",
        RemedyBasis.Measured,
        "scenarios/merge/mremap-before-written.txt")
    {
        Lift = new Lift(MergeTests.PageOffset) { Applies = static pair => pair.IsAnonymous },
    };

    private static Lift OneAnonVma { get; } = new(MergeTests.AnonVma)
    {
        Applies = static pair => !pair.HasForked,
        Always = MergeTests.None,
    };

    private static IReadOnlyList<Remedy> AnonVmaRemedies() =>
    [
        new("Commit in the order of addresses, so that each part touches one that was written before.",
            RemedyBasis.Measured, "workloads/regions sequential") { Lift = OneAnonVma },
        new("Make all of it accessible before any of it is written; or write when all is accessible.",
            RemedyBasis.Measured, "workloads/regions random-touchlast") { Lift = OneAnonVma },
        new("Write one page of the whole reservation before it is divided: every part inherits its anon_vma.",
            RemedyBasis.Measured, "workloads/regions random-hint") { Lift = OneAnonVma },
        new("Map over what is given back (MAP_FIXED) rather than MADV_DONTNEED: it forgets its anon_vma and joins.",
            RemedyBasis.Measured, "scenarios/regions/given-back.txt") { Lift = OneAnonVma },
    ];

    private static IEnumerable<Remedy> OneWayRemedies(IReadOnlyList<Boundary> boundaries) =>
        boundaries.Any(boundary => boundary.IsOneWay) ? [NewerKernel] : [];

    private static IEnumerable<Remedy> PageOffsetRemedies(IReadOnlyList<Boundary> boundaries)
    {
        if (boundaries.Any(boundary => boundary.IsAnonymous))
        {
            yield return MoveBack;
            yield return MoveBefore;
        }

        if (boundaries.Any(boundary => !boundary.IsAnonymous))
        {
            yield return FileRemedies.InFileOrder;
        }
    }
}
