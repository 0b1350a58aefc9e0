using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Callers;
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
        Callers = frame.Callers;
        OneWayPairs = boundaries.Count(boundary => boundary.IsOneWay);
        Groups = [.. Group(boundaries, [.. frame.Walk?.ApartBeyond(IsPossible) ?? []])
            .OrderByDescending(group => group.Boundaries.Count).ThenBy(group => group.First)];
        Holes = SpaceHoles.Of(process.Image.Vmas, frame.Source);
        VmaImage[] deleted = [.. process.Image.Vmas.Where(IsDeleted)];
        DeletedFileVmas = deleted.Length;
        DeletedFiles = deleted.Select(vma => vma.File).Distinct().Count();
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

    /// <summary>Those rules, and how far they are known to be <see cref="Kernel"/>'s.</summary>
    public RulesChoice Choice => new(Rules, Rules.BasisFor(Kernel), Kernel);

    /// <summary>Which calls its boundaries come from; null: only recordings with stacks tell.</summary>
    public BoundaryCallers? Callers { get; }

    /// <summary>Every pair of VMAs that touch, by ascending address.</summary>
    public IReadOnlyList<Boundary> Boundaries { get; }

    /// <summary>
    /// The pairs that could be one, by the first test that keeps them apart, the most frequent first.
    /// </summary>
    public IReadOnlyList<ReasonGroup> Groups { get; }

    /// <summary>The pairs that never could be one, the most frequent reason first.</summary>
    public IReadOnlyList<LastingGroup> Lasting { get; }

    /// <summary>VMAs that holes keep apart.</summary>
    public SpaceHoles Holes { get; }

    /// <summary>VMAs of files that were deleted while they were mapped, but for those that never had a name.</summary>
    public int DeletedFileVmas { get; }

    /// <summary>Those files.</summary>
    public int DeletedFiles { get; }

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
    /// VMAs there would be if these tests were never failed from now on, but for what no call changes, and merges were
    /// tried everywhere, from the lowest address to the highest, each VMA with what those below it have become by then.
    /// Least: no test that could not be asked fails; most: all of them do. Without a different anon_vma the merged VMA
    /// has that of its lowest part that has one: the upper ones as if they had been written as part of it.
    /// </summary>
    public CountRange VmasWithout(MergeTests tests)
    {
        return VmasWithout(at => Boundaries[at].IsForGood ? tests & ~MergeTests.Flags : tests);
    }

    /// <summary>
    /// VMAs there would be if these tests had never been failed: neighbours that differed in nothing else would have
    /// been one VMA when they were written, with one anon_vma. Merges are tried everywhere, as above.
    /// </summary>
    public CountRange VmasWithoutEver(MergeTests tests) =>
        VmasWith(new Lift(tests) { Uses = InaccessibleUse.Either });

    /// <summary>
    /// What there is to be done about a reason, what gives most first; what gives nothing by itself only if nothing
    /// does.
    /// </summary>
    public IReadOnlyList<RemedyOffer> Offers(ReasonGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        IReadOnlyList<RemedyOffer> offers = group.Boundaries.Count == 0 ? [] : RemedyOffer.Order(
            Remedy.For(group).Select(remedy => new RemedyOffer(remedy, VmasWith(remedy))
            {
                Pairs = remedy.Among(group.Boundaries),
            }));
        int anyway = VmasWithout(MergeTests.None).Most;
        RemedyOffer[] useful = [.. offers.Where(offer => offer.Vmas.Most < anyway)];
        return useful.Length > 0 ? useful : offers;
    }

    /// <summary>What there is to be done about holes: what was never unmapped, then what is mapped over now.</summary>
    public IReadOnlyList<RemedyOffer> HoleOffers => Holes.All.Count == 0 ? [] :
    [
        new(HoleRemedies.Keep, Exactly(VmaCount - Holes.All.Count)),
        new(HoleRemedies.Fill, Exactly(VmaCount - Holes.Fillable)),
    ];

    /// <summary>What there is to be done about pairs that never could be one; empty for most reasons.</summary>
    public IReadOnlyList<RemedyOffer> Offers(LastingGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return RemedyOffer.Order(LastingRemedies.For(this, group)
            .Select(each => new RemedyOffer(each.Remedy, Exactly(VmaCount - each.Fewer)) { Pairs = each.Pairs }));
    }

    /// <summary>Whether it maps a file that somebody deleted.</summary>
    internal bool IsDeleted(VmaImage vma) => FileRemedies.IsDeleted(PathOf(vma));

    private static CountRange Exactly(int count) => new(count, count);

    /// <summary>The same address space in an engine of its own, to try calls on.</summary>
    internal MergeJudge Judge() => new(Process, _files.Values, Rules);

    private CountRange VmasWith(Remedy remedy) =>
        remedy.Play is { } play ? Exactly(play(this)) : VmasWith(remedy.Lift!);

    private CountRange VmasWith(Lift lift)
    {
        MergeTests[] lifted =
        [
            .. Boundaries.Select(pair =>
                !lift.KeepsOrigins && lift.Applies(pair) ? lift.Tests & Lift.Consequences : MergeTests.None),
        ];
        int staying = 0;
        foreach (Range row in lift.Rows(Boundaries))
        {
            lifted.AsSpan(row).Fill((MergeTests)ushort.MaxValue);
            Boundary[] pairs = [.. Boundaries.Take(row)];
            staying += Math.Min(pairs.Length, lift.Staying([pairs[0].Lower, .. pairs.Select(pair => pair.Upper)]) - 1);
        }

        CountRange count = VmasWithout(at => lifted[at]);
        return new CountRange(count.Least + staying, count.Most + staying);
    }

    private CountRange VmasWithout(Func<int, MergeTests> tests)
    {
        if (_walk is not null)
        {
            int count = VmaCount - _walk.CountJoined(tests, IsPossible);
            return new CountRange(count, count);
        }

        // What surely passes has no anon_vma to hand on, and in the best case none has: pairs may be counted alone.
        int surely = 0;
        int maybe = 0;
        for (int at = 0; at < Boundaries.Count; at++)
        {
            Boundary boundary = Boundaries[at];
            MergeTests lifted = boundary.LiftedWith(tests(at));
            bool isKnownToPass = IsPossible(boundary) && (boundary.Verdict.Failed & ~lifted) == MergeTests.None;
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
    /// <param name="callers">Which calls its boundaries come from; null: nobody knows.</param>
    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    public static SpaceExplanation Of(
        ProcessGraph process,
        IEnumerable<FileIdentity> files,
        int maxMapCount,
        KernelRules rules,
        string? kernel = null,
        BoundaryCallers? callers = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(rules);
        ProcessGraph usable = process with { Image = process.Image.WithoutVsyscall() };
        Dictionary<FileId, FileIdentity> known = ByFile(files);
        MergeJudge judge = new(usable, known.Values, rules);
        MergeJudge? later = rules.UnfaultedTargetMerges
            ? null : new(usable, known.Values, rules with { UnfaultedTargetMerges = true });
        BoundaryContext context = new(usable.Image, known);
        List<WalkPair> pairs = [];
        for (int at = 1; at < usable.Image.Vmas.Count; at++)
        {
            if (judge.VerdictsBelow(at) is BothVerdicts verdicts)
            {
                Boundary boundary = new(usable.Image.Vmas[at - 1], usable.Image.Vmas[at], verdicts.Kinder);
                boundary = context.Describe(boundary) with
                {
                    IsOneWay = verdicts.Kinder.CanMerge && !verdicts.CanMergeEitherWay
                        && later?.VerdictsBelow(at) is { CanMergeEitherWay: true },
                };
                pairs.Add(new WalkPair(at, boundary, verdicts));
            }
        }

        Frame frame = new(maxMapCount, kernel ?? rules.Release, rules, ExplanationSource.Kernel)
        {
            Walk = new MergeWalk(judge, usable.Image.Vmas, pairs),
            Callers = callers,
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
        BoundaryContext context = new(usable.Image, known);
        List<Boundary> boundaries = [];
        for (int at = 1; at < usable.Image.Vmas.Count; at++)
        {
            if (judge.VerdictsBelow(at)?.Kinder is MergeVerdict bestCase)
            {
                (VmaImage, VmaEvidence Evidence) lower = (usable.Image.Vmas[at - 1], space.Evidence[at - 1]);
                (VmaImage, VmaEvidence Evidence) upper = (usable.Image.Vmas[at], space.Evidence[at]);
                (MergeVerdict verdict, MergeTests untold) = UntoldTests.Divide(bestCase, lower, upper, rules);
                Boundary boundary = context.Describe(new(lower.Item1, upper.Item1, verdict));
                boundaries.Add(boundary with
                {
                    // shmem_anon_vm_ops has no close.
                    Untold = boundary.IsSharedAnonymous ? untold & ~MergeTests.Close : untold,
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

        public BoundaryCallers? Callers { get; init; }
    }
}
