using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Proc;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain;

/// <summary>Why an address space has as many VMAs as it has.</summary>
/// <remarks>
/// The address space is loaded into the engine, and the function that decides merges there is asked about each pair of
/// VMAs that touch: a reason shown for a live process is the one the engine acts on, and the kernel, as far as verify
/// has held the two together.
/// </remarks>
public sealed class SpaceExplanation
{
    private readonly Dictionary<FileId, FileIdentity> _files;
    private readonly MergeWalk? _walk;

    private SpaceExplanation(
        ProcessGraph process, Dictionary<FileId, FileIdentity> files, IReadOnlyList<Boundary> boundaries, Frame frame)
    {
        _files = files;
        _walk = frame.Walk;
        Process = process;
        Boundaries = boundaries;
        MaxMapCount = frame.MaxMapCount;
        Kernel = frame.Kernel;
        Rules = frame.Rules;
        Source = frame.Source;
        OneWayPairs = boundaries.Count(boundary => boundary.IsOneWay);
        Groups = [.. Group(boundaries, [.. frame.Walk?.ApartBeyond(IsPossible) ?? []])
            .OrderByDescending(group => group.Boundaries.Count).ThenBy(group => group.First)];
        Lasting = [.. boundaries
            .Where(boundary => boundary.Standing == BoundaryStanding.Never)
            .GroupBy(boundary => boundary.Lasting)
            .Select(group => new LastingGroup(group.Key, [.. group]))
            .OrderByDescending(group => group.Boundaries.Count).ThenBy(group => group.Reason)];
    }

    /// <summary>The process as it was read.</summary>
    public ProcessGraph Process { get; }

    /// <summary>What it was read from.</summary>
    public ExplanationSource Source { get; }

    /// <summary>The kernel it ran on, as <c>uname -r</c> has it.</summary>
    public string Kernel { get; }

    /// <summary>The kernel's tests that were asked: those of <see cref="Kernel"/>, or of the nearest known.</summary>
    public KernelRules Rules { get; }

    /// <summary>Every pair of VMAs that touch, by ascending address.</summary>
    public IReadOnlyList<Boundary> Boundaries { get; }

    /// <summary>
    /// The pairs that could be one, by the first test that keeps them apart, the most frequent first.
    /// </summary>
    public IReadOnlyList<ReasonGroup> Groups { get; }

    /// <summary>The pairs that never could be one, the most frequent reason first.</summary>
    public IReadOnlyList<LastingGroup> Lasting { get; }

    /// <summary>vm.max_map_count.</summary>
    public int MaxMapCount { get; }

    /// <summary>VMAs now.</summary>
    public int VmaCount => Process.Image.Vmas.Count;

    /// <summary>Pairs that could be one.</summary>
    public int PossiblePairs => Groups.Sum(group => group.Boundaries.Count);

    /// <summary>Every test that could not be asked of some pair that could be one.</summary>
    public MergeTests Untold => Groups.SelectMany(group => group.Boundaries)
        .Aggregate(MergeTests.None, (all, boundary) => all | boundary.Untold);

    /// <summary>
    /// Pairs that this kernel joins only if a call changes the right one of the two, and 6.16 and later join
    /// whichever a call changes.
    /// </summary>
    public int OneWayPairs { get; }

    /// <summary>VMAs there would be if those pairs had been joined, from the lowest address to the highest.</summary>
    public int VmasWithoutOneWay =>
        VmaCount - (_walk?.CountJoined(MergeTests.None, boundary => boundary.IsOneWay) ?? 0);

    /// <summary>What is known of a file; null if the VMA has none or nothing is known.</summary>
    public FileIdentity? FileOf(VmaImage vma)
    {
        ArgumentNullException.ThrowIfNull(vma);
        return _files.GetValueOrDefault(vma.File);
    }

    /// <summary>The path of the file behind a VMA; empty if it is anonymous or the path is unknown.</summary>
    public string PathOf(VmaImage vma) => FileOf(vma)?.Path ?? "";

    /// <summary>
    /// VMAs there would be if these tests were never failed, and merges were tried everywhere, from the lowest address
    /// to the highest, each VMA with what those below it have become by then. Least: no test that could not be asked
    /// fails; most: all of them do. Without a different anon_vma the merged VMA has that of its lowest part that has
    /// one: the upper ones as if they had been written as part of it.
    /// </summary>
    public CountRange VmasWithout(MergeTests tests)
    {
        if (_walk is not null)
        {
            int count = VmaCount - _walk.CountJoined(tests, IsPossible);
            return new CountRange(count, count);
        }

        // What surely passes has no anon_vma to hand on, and in the best case none has: pairs may be counted alone.
        int surely = 0;
        int maybe = 0;
        foreach (Boundary boundary in Boundaries.Where(IsPossible))
        {
            MergeTests lifted = boundary.LiftedWith(tests);
            bool isKnownToPass = (boundary.Verdict.Failed & ~lifted) == MergeTests.None;
            maybe += isKnownToPass ? 1 : 0;
            surely += isKnownToPass && (boundary.Untold & ~lifted) == MergeTests.None ? 1 : 0;
        }

        return new CountRange(VmaCount - maybe, VmaCount - surely);
    }

    /// <summary>Explains one process of a snapshot.</summary>
    /// <param name="process">The process.</param>
    /// <param name="files">The files that its VMAs name.</param>
    /// <param name="maxMapCount">vm.max_map_count.</param>
    /// <param name="rules">Which kernel's tests.</param>
    /// <param name="kernel">The kernel it ran on; null: that of the rules.</param>
    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    public static SpaceExplanation Of(
        ProcessGraph process,
        IEnumerable<FileIdentity> files,
        int maxMapCount,
        KernelRules rules,
        string? kernel = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(rules);
        ProcessGraph usable = process with { Image = process.Image.WithoutVsyscall() };
        Dictionary<FileId, FileIdentity> known = ByFile(files);
        MergeJudge judge = new(usable, known.Values, rules);
        MergeJudge? later = rules.UnfaultedTargetMerges
            ? null : new(usable, known.Values, rules with { UnfaultedTargetMerges = true });
        List<WalkPair> pairs = [];
        for (int at = 1; at < usable.Image.Vmas.Count; at++)
        {
            if (judge.VerdictsBelow(at) is BothVerdicts verdicts)
            {
                Boundary boundary = new(usable.Image.Vmas[at - 1], usable.Image.Vmas[at], verdicts.Kinder);
                boundary = boundary with
                {
                    Lasting = LastingReasons.Of(boundary, known),
                    IsSharedAnonymous = LastingReasons.AreSharedAnonymous(boundary, known),
                    IsOneWay = verdicts.Kinder.CanMerge && !verdicts.CanMergeEitherWay
                        && later?.VerdictsBelow(at) is { CanMergeEitherWay: true },
                };
                pairs.Add(new WalkPair(at, boundary, verdicts));
            }
        }

        Frame frame = new(maxMapCount, kernel ?? rules.Release, rules, ExplanationSource.Kernel)
        {
            Walk = new MergeWalk(judge, usable.Image.Vmas, pairs),
        };
        return new SpaceExplanation(usable, known, [.. pairs.Select(each => each.Pair)], frame);
    }

    /// <summary>Explains a process as far as it can be read without root.</summary>
    /// <param name="space">The process.</param>
    /// <param name="rules">Which kernel's tests.</param>
    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    public static SpaceExplanation Of(ProcSpace space, KernelRules rules)
    {
        ArgumentNullException.ThrowIfNull(space);
        ProcessGraph usable = space.Process with { Image = space.Process.Image.WithoutVsyscall() };
        Dictionary<FileId, FileIdentity> known = ByFile(space.Files);
        MergeJudge judge = new(usable, known.Values, rules);
        List<Boundary> boundaries = [];
        for (int at = 1; at < usable.Image.Vmas.Count; at++)
        {
            if (judge.VerdictsBelow(at)?.Kinder is MergeVerdict bestCase)
            {
                (VmaImage, VmaEvidence Evidence) lower = (usable.Image.Vmas[at - 1], space.Evidence[at - 1]);
                (VmaImage, VmaEvidence Evidence) upper = (usable.Image.Vmas[at], space.Evidence[at]);
                (MergeVerdict verdict, MergeTests untold) = UntoldTests.Divide(bestCase, lower, upper, rules);
                Boundary boundary = new(lower.Item1, upper.Item1, verdict) { Untold = untold };
                bool isShared = LastingReasons.AreSharedAnonymous(boundary, known);
                boundaries.Add(boundary with
                {
                    Lasting = LastingReasons.Of(boundary, known),
                    IsSharedAnonymous = isShared,

                    // shmem_anon_vm_ops has no close.
                    Untold = isShared ? untold & ~MergeTests.Close : untold,
                    Pages = PagesOf(lower.Evidence, upper.Evidence),
                });
            }
        }

        Frame frame = new(
            space.Header.MaxMapCount, space.Header.Kernel, rules, ExplanationSource.Proc);
        return new SpaceExplanation(usable, known, boundaries, frame);
    }

    private static bool IsPossible(Boundary boundary) => boundary.Lasting == LastingReason.None;

    private static List<ReasonGroup> Group(IReadOnlyList<Boundary> boundaries, IReadOnlyList<Boundary> beyond)
    {
        List<ReasonGroup> groups = [.. boundaries
            .Where(IsPossible)
            .GroupBy(boundary => (boundary.Standing, boundary.Verdict.First))
            .Select(group => new ReasonGroup(group.Key.First, [.. group]) { Standing = group.Key.Standing })];
        int at = groups.FindIndex(group => group.First == MergeTests.AnonVma);
        if (beyond.Count > 0 && at < 0)
        {
            at = groups.Count;
            groups.Add(new ReasonGroup(MergeTests.AnonVma, []) { Standing = BoundaryStanding.KeptApart });
        }

        if (beyond.Count > 0)
        {
            groups[at] = groups[at] with { Beyond = beyond };
        }

        return groups;
    }

    private static Dictionary<FileId, FileIdentity> ByFile(IEnumerable<FileIdentity> files)
    {
        Dictionary<FileId, FileIdentity> known = [];
        foreach (FileIdentity file in files)
        {
            known[file.File] = file;
        }

        return known;
    }

    private static AnonymousPages PagesOf(VmaEvidence lower, VmaEvidence upper) =>
        (lower.AnonymousBytes > 0, upper.AnonymousBytes > 0) switch
        {
            (true, true) => AnonymousPages.Both,
            (false, false) => AnonymousPages.Neither,
            _ => AnonymousPages.One,
        };

    private sealed record Frame(int MaxMapCount, string Kernel, KernelRules Rules, ExplanationSource Source)
    {
        public MergeWalk? Walk { get; init; }
    }
}

/// <summary>What an explanation was read from.</summary>
public enum ExplanationSource
{
    /// <summary>The kernel's own VMAs and anon_vma graph: every test was asked.</summary>
    Kernel = 0,

    /// <summary>The files of /proc/PID: some tests could not be asked.</summary>
    Proc = 1,
}

/// <summary>A number that is known to lie between two, both included.</summary>
public readonly record struct CountRange(int Least, int Most);

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
