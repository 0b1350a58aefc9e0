using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>Two VMAs that touch.</summary>
/// <param name="Address"><unit>address</unit> Of the upper VMA.</param>
/// <param name="Standing"><c>mergeable-now</c>, <c>cannot-tell</c>, <c>kept-apart</c>, <c>never</c>.</param>
/// <param name="First">The first test that fails, in kernel order; empty: none.</param>
/// <param name="Failed">Every test that is known to fail.</param>
/// <param name="Untold">Tests of which it is not known; empty for <c>kernel</c>.</param>
/// <param name="FlagsApart">Flags in which they differ.</param>
public sealed record BoundaryDocument(
    string Address,
    string Standing,
    string First,
    IReadOnlyList<string> Failed,
    IReadOnlyList<string> Untold,
    IReadOnlyList<string> FlagsApart);

/// <summary>What would lift a reason.</summary>
/// <param name="Text">What to do.</param>
/// <param name="VmasAtLeast">VMAs there would be if it had been done from the start, at least.</param>
/// <param name="VmasAtMost">The same at most: equal where no test is untold.</param>
/// <param name="Basis">How it is known: <c>measured</c>, <c>inferred</c>.</param>
/// <param name="MeasuredOn">The kernel it was measured on; empty if inferred.</param>
/// <param name="Shown">Where it is shown: a file of this repository; empty if inferred.</param>
/// <param name="Since">The first kernels it works on; empty: all.</param>
/// <param name="OnThisKernel">Whether it works on the kernel of the process.</param>
/// <param name="NotWith">The texts of remedies that exclude it.</param>
public sealed record RemedyDocument(
    string Text,
    int VmasAtLeast,
    int VmasAtMost,
    string Basis,
    string MeasuredOn,
    string Shown,
    string Since,
    bool OnThisKernel,
    IReadOnlyList<string> NotWith);

/// <summary>Pairs that differ in the same.</summary>
/// <param name="Kind">What differs; may be empty.</param>
/// <param name="Pairs">So many.</param>
/// <param name="Addresses"><unit>address</unit> Of the upper VMA, or of the hole; of the first three.</param>
public sealed record KindDocument(string Kind, int Pairs, IReadOnlyList<string> Addresses);

/// <summary>Where in the program the calls come from that made some boundaries; the innermost function first.</summary>
/// <param name="Functions">
/// As symbols have them, each with its source line where that is known; else an offset in a file, or an address.
/// </param>
/// <param name="File">That holds the code of the first; empty: the program made it as it ran.</param>
/// <param name="Boundaries">So many.</param>
public sealed record CallerDocument(IReadOnlyList<string> Functions, string File, int Boundaries);

/// <summary>The pairs with one first reason.</summary>
/// <param name="Reason">The first test that fails in kernel order, <c>mergeable-now</c>, or <c>cannot-tell</c>.</param>
/// <param name="Standing"><c>mergeable-now</c>, <c>cannot-tell</c>, <c>kept-apart</c>.</param>
/// <param name="Plain">The reason in plain words.</param>
/// <param name="Kernel">What the kernel compares; empty of <c>cannot-tell</c>.</param>
/// <param name="Pairs">Pairs with it.</param>
/// <param name="OnlyThis">Those that nothing else keeps apart.</param>
/// <param name="VmasWithoutAtLeast">VMAs there would be if it were undone now, at least.</param>
/// <param name="VmasWithoutAtMost">The same at most: equal where no test is untold.</param>
/// <param name="VmasNeverAtLeast">VMAs there would be if it had never been so, at least.</param>
/// <param name="VmasNeverAtMost">The same at most.</param>
/// <param name="PairsBeyond">Of <c>anon-vma</c>: pairs counted elsewhere that it would still keep apart.</param>
/// <param name="AddressesBeyond"><unit>address</unit> The first three of these.</param>
/// <param name="Kinds">What differs in particular, the most frequent first.</param>
/// <param name="Callers">Who made their boundaries; empty unless it is of a recording with stacks.</param>
/// <param name="Remedies">What would lift it, the fewest VMAs first.</param>
public sealed record ReasonDocument(
    string Reason,
    string Standing,
    string Plain,
    string Kernel,
    int Pairs,
    int OnlyThis,
    int VmasWithoutAtLeast,
    int VmasWithoutAtMost,
    int VmasNeverAtLeast,
    int VmasNeverAtMost,
    int PairsBeyond,
    IReadOnlyList<string> AddressesBeyond,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<CallerDocument> Callers,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>Pairs that never could be one, for one reason.</summary>
/// <param name="Reason">
/// <c>file-and-anonymous</c>, <c>two-files</c>, <c>sections</c>, <c>special</c>, <c>close</c>,
/// <c>shared-and-private</c>.
/// </param>
/// <param name="Plain">The same in plain words.</param>
/// <param name="Pairs">Pairs with it.</param>
/// <param name="Kinds">Of which files, the most frequent first.</param>
/// <param name="Remedies">What would leave fewer VMAs nevertheless; empty for most.</param>
public sealed record LastingDocument(
    string Reason,
    string Plain,
    int Pairs,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>What leaves the fewest VMAs when it is removed.</summary>
/// <param name="Reason">That of <c>reasons[]</c>, of <c>never[]</c>, or <c>holes</c>.</param>
/// <param name="Plain">What keeps the pairs apart, in plain words.</param>
/// <param name="Pairs">Pairs that the remedy is for.</param>
/// <param name="Start"><unit>address</unit> Where the region with most of them begins.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="Mapping">What is mapped there, in words.</param>
/// <param name="PairsThere">Pairs in that region.</param>
/// <param name="Callers">Who made their boundaries; empty unless it is of a recording with stacks.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="VmasAtLeast">VMAs there would be if it had been done from the start, at least.</param>
/// <param name="VmasAtMost">The same at most: equal where no test is untold.</param>
public sealed record MainCauseDocument(
    string Reason,
    string Plain,
    int Pairs,
    string Start,
    string End,
    string Mapping,
    int PairsThere,
    IReadOnlyList<CallerDocument> Callers,
    string Remedy,
    int VmasAtLeast,
    int VmasAtMost);

/// <summary>VMAs that holes keep apart.</summary>
/// <param name="Count">Holes between two VMAs that are alike in all.</param>
/// <param name="Bytes">Of all of them.</param>
/// <param name="VmasFilledNow">VMAs if they were mapped over now.</param>
/// <param name="VmasNever">VMAs if they had never been unmapped.</param>
/// <param name="Kinds">How large they are, and beside what.</param>
/// <param name="Callers">Who made their boundaries; empty unless it is of a recording with stacks.</param>
/// <param name="Remedies">What to do; empty if there is none.</param>
public sealed record HolesDocument(
    int Count,
    ulong Bytes,
    int VmasFilledNow,
    int VmasNever,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<CallerDocument> Callers,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>Files that were deleted while they were mapped.</summary>
/// <param name="Vmas">VMAs of them.</param>
/// <param name="Files">The files.</param>
public sealed record DeletedFilesDocument(int Vmas, int Files);

/// <summary>A call that fails now, for there are too many VMAs.</summary>
/// <param name="Call">Its name.</param>
/// <param name="Of">Of what: <c>inside a VMA</c>; empty: whatever it is of.</param>
/// <param name="Error">The error it returns; brk returns the old end.</param>
public sealed record FailingCallDocument(string Call, string Of, string Error);

/// <summary>One VMA of a strip.</summary>
/// <param name="Start"><unit>address</unit> Its first byte.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="Permissions">As in <c>/proc/PID/maps</c>: <c>rw-p</c>.</param>
/// <param name="Pgoff">Its page offset.</param>
/// <param name="File">The path of what it maps; empty for anonymous memory, or if unknown.</param>
/// <param name="Name">What PR_SET_VMA_ANON_NAME gave it; left out if nothing.</param>
/// <param name="AnonVma">A number, the same for the same <c>anon_vma</c>; 0: none. Left out for <c>proc</c>.</param>
/// <param name="ChainEntries">Entries of its chain. Left out for <c>proc</c>.</param>
public sealed record StripVmaDocument(
    string Start,
    string End,
    string Permissions,
    ulong Pgoff,
    string File,
    string? Name,
    int? AnonVma,
    int? ChainEntries);

/// <summary>The VMAs around an address, or of a range.</summary>
/// <param name="Low"><unit>address</unit> The first that was asked for.</param>
/// <param name="High"><unit>address</unit> The last one.</param>
/// <param name="HoleStart"><unit>address</unit> Where no VMA is there: the end of the one below.</param>
/// <param name="HoleEnd"><unit>address</unit> And the start of the one above.</param>
/// <param name="Vmas">By address.</param>
public sealed record StripDocument(
    string Low, string High, string? HoleStart, string? HoleEnd, IReadOnlyList<StripVmaDocument> Vmas);

/// <summary>
/// <c>verso explain PID... -j</c>, a document a process; so too with <c>--from</c> and <c>-- COMMAND</c>: why it has as
/// many VMAs as it has.
/// </summary>
/// <example>verso explain 10807 --from examples/redis-fork.vsnap -j</example>
/// <example>verso explain 10807 --at 55e38c562000 --from examples/redis-fork.vsnap -j</example>
public sealed record ExplanationDocument
{
    /// <summary><c>verso-explain/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>The process.</summary>
    public required int Pid { get; init; }

    /// <summary>Its name (<c>comm</c>).</summary>
    public required string Command { get; init; }

    /// <summary>The kernel it ran on (<c>uname -r</c>).</summary>
    public required string Kernel { get; init; }

    /// <summary>The kernel whose merge rules were used.</summary>
    public required string Rules { get; init; }

    /// <summary>
    /// How far these are known to be its own: <c>compared</c>, <c>series</c>, <c>versions</c>, <c>other</c>,
    /// <c>unknown</c>, <c>chosen</c> (<see href="explain.md#synopsis">what they mean</see>).
    /// </summary>
    public required string RulesBasis { get; init; }

    /// <summary>Where its VMAs were read: <c>kernel</c>, <c>proc</c>.</summary>
    public required string Source { get; init; }

    /// <summary><c>whole</c>: of one moment; <c>changed</c>: its VMAs changed while being read.</summary>
    public required string Reading { get; init; }

    /// <summary>VMAs now.</summary>
    public required int Vmas { get; init; }

    /// <summary><c>vm.max_map_count</c>.</summary>
    public required int MaxMapCount { get; init; }

    /// <summary>Adjacent pairs of VMAs.</summary>
    public required int Pairs { get; init; }

    /// <summary>Those that could be one.</summary>
    public required int PossiblePairs { get; init; }

    /// <summary>Of an older kernel: pairs mergeable now that Linux 6.16 and later would have joined.</summary>
    public required int OneWayPairs { get; init; }

    /// <summary>Tests that are not known of some pair that could be one; empty for <c>kernel</c>.</summary>
    public required IReadOnlyList<string> Untold { get; init; }

    /// <summary>What leaves the fewest VMAs when it is removed; left out where nothing is to be advised.</summary>
    public required MainCauseDocument? Main { get; init; }

    /// <summary>Pairs that could be one, by what keeps them apart first; the most pairs first.</summary>
    public required IReadOnlyList<ReasonDocument> Reasons { get; init; }

    /// <summary>VMAs that holes keep apart.</summary>
    public required HolesDocument Holes { get; init; }

    /// <summary>Pairs that never could be one, by reason.</summary>
    public required IReadOnlyList<LastingDocument> Never { get; init; }

    /// <summary>Files that were deleted while they were mapped.</summary>
    public required DeletedFilesDocument DeletedFiles { get; init; }

    /// <summary>Calls that fail now for the number of VMAs.</summary>
    public required IReadOnlyList<FailingCallDocument> FailingCalls { get; init; }

    /// <summary>Every pair, by address; with <c>--at</c> those shown.</summary>
    public required IReadOnlyList<BoundaryDocument> Boundaries { get; init; }

    /// <summary>The VMAs around an address, or of a range; with <c>--at</c> only.</summary>
    public StripDocument? Strip { get; init; }
}

/// <summary>Explanations turned into documents.</summary>
internal static class ExplainDocuments
{
    public static ExplanationDocument Of(SpaceExplanation explanation, SpaceStrip? strip) => new()
    {
        Schema = "verso-explain/1",
        Pid = explanation.Process.Pid,
        Command = explanation.Process.Command,
        Kernel = explanation.Kernel,
        Rules = explanation.Rules.Release,
        RulesBasis = Kebab.Of(explanation.Choice.Basis.ToString()),
        Source = Kebab.Of(explanation.Source.ToString()),
        Reading = Kebab.Of(explanation.Process.Reading.ToString()),
        Vmas = explanation.VmaCount,
        MaxMapCount = explanation.MaxMapCount,
        Pairs = explanation.Boundaries.Count,
        PossiblePairs = explanation.PossiblePairs,
        OneWayPairs = explanation.OneWayPairs,
        Untold = Names(explanation.Untold),
        Main = MainCause.WorthSaying(explanation) is MainCause main ? Of(main) : null,
        Reasons = [.. explanation.Groups.Select(group => Of(explanation, group))],
        Holes = HolesOf(explanation),
        Never = LastingOf(explanation),
        DeletedFiles = new DeletedFilesDocument(explanation.DeletedFileVmas, explanation.DeletedFiles),
        FailingCalls =
        [
            .. VmaLimit.FailingWith(explanation.MaxMapCount - explanation.VmaCount)
                .Select(call => new FailingCallDocument(call.Name, call.Of, call.Error)),
        ],
        Boundaries = [.. explanation.Boundaries.Where(each => IsShown(each, strip)).Select(Of)],
        Strip = strip is null ? null : StripOf(explanation, strip),
    };

    private static MainCauseDocument Of(MainCause main) => new(
        main.Name.Replace(' ', '-'),
        main.Plain,
        main.Pairs,
        JsonReport.Hex(main.Region.Start),
        JsonReport.Hex(main.Region.End),
        main.Region.Name,
        main.Region.Pairs,
        Of(main.Callers),
        main.Offer.Remedy.Text,
        main.Offer.Vmas.Least,
        main.Offer.Vmas.Most);

    private static ReasonDocument Of(SpaceExplanation explanation, ReasonGroup group)
    {
        CountRange without = explanation.VmasWithout(group.First);
        CountRange never = explanation.VmasWithoutEver(group.First);
        bool isOpen = group.Standing == BoundaryStanding.CannotTell;
        return new ReasonDocument(
            BoundaryText.Name(group.First, group.Standing).Replace(' ', '-'),
            Kebab.Of(group.Standing.ToString()),
            isOpen ? ReasonText.Untold : ReasonText.Plain(group.First),
            isOpen ? "" : ReasonText.Kernel(group.First),
            group.Boundaries.Count,
            group.OnlyThis,
            without.Least,
            without.Most,
            never.Least,
            never.Most,
            group.Beyond.Count,
            Addresses(group.Beyond),
            Kinds(group.Boundaries, boundary => BoundaryText.Kind(explanation, boundary)),
            Of(explanation.Callers?.Of(group.Boundaries.Select(pair => pair.Upper.Start)) ?? []),
            Remedies(explanation.Offers(group), explanation.Kernel));
    }

    private static RemedyDocument[] Remedies(IReadOnlyList<RemedyOffer> offers, string kernel)
    {
        Exclusion[] exclusions = [.. RemedyOffer.Exclusions(offers)];
        return
        [
            .. offers.Select(offer => Of(offer, kernel,
            [
                .. exclusions.Where(each => each.One == offer.Remedy).Select(each => each.Other.Text),
                .. exclusions.Where(each => each.Other == offer.Remedy).Select(each => each.One.Text),
            ])),
        ];
    }

    private static RemedyDocument Of(RemedyOffer offer, string kernel, IReadOnlyList<string> notWith) =>
        Of(offer.Remedy, offer.Vmas, kernel, notWith);

    private static RemedyDocument Of(
        Remedy remedy, CountRange vmas, string kernel, IReadOnlyList<string> notWith) => new(
        remedy.Text,
        vmas.Least,
        vmas.Most,
        Kebab.Of(remedy.Basis.ToString()),
        remedy.Basis == RemedyBasis.Measured ? remedy.MeasuredOn : "",
        remedy.Shown,
        remedy.Since,
        remedy.WorksOn(kernel),
        notWith);

    private static HolesDocument HolesOf(SpaceExplanation explanation) => new(
        explanation.Holes.All.Count,
        explanation.Holes.Bytes,
        explanation.VmaCount - explanation.Holes.Fillable,
        explanation.VmaCount - explanation.Holes.All.Count,
        [
            .. explanation.Holes.All.GroupBy(BoundaryText.Kind)
                .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal)
                .Select(kind => new KindDocument(
                    kind.Key,
                    kind.Count(),
                    [.. kind.Take(ExplainText.MostExamples).Select(hole => JsonReport.Hex(hole.Lower.End))])),
        ],
        Of(explanation.Callers?.Of(explanation.Holes.All.Select(hole => hole.Lower.End)) ?? []),
        Remedies(explanation.HoleOffers, explanation.Kernel));

    private static CallerDocument[] Of(IReadOnlyList<CallerCount> callers) =>
        [.. callers.Select(each => new CallerDocument(each.Site.Functions, each.Site.Path, each.Boundaries))];

    private static LastingDocument[] LastingOf(SpaceExplanation explanation)
    {
        FileNamePatterns names = new(explanation);
        return [.. explanation.Lasting.Select(group => Of(explanation, names, group))];
    }

    private static LastingDocument Of(
        SpaceExplanation explanation, FileNamePatterns names, LastingGroup group) => new(
        Kebab.Of(group.Reason.ToString()),
        ReasonText.Plain(group.Reason),
        group.Boundaries.Count,
        Kinds(group.Boundaries, boundary => BoundaryText.LastingKind(names, boundary)),
        Remedies(explanation.Offers(group), explanation.Kernel));

    private static KindDocument[] Kinds(IReadOnlyList<Boundary> boundaries, Func<Boundary, string> kindOf) =>
    [
        .. boundaries.GroupBy(kindOf)
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => new KindDocument(
                kind.Key,
                kind.Count(),
                Addresses(kind))),
    ];

    private static string[] Addresses(IEnumerable<Boundary> boundaries) =>
        [.. boundaries.Take(ExplainText.MostExamples).Select(each => JsonReport.Hex(each.Upper.Start))];

    private static BoundaryDocument Of(Boundary boundary) => new(
        JsonReport.Hex(boundary.Upper.Start),
        Kebab.Of(boundary.Standing.ToString()),
        boundary.Verdict.CanMerge ? "" : MergeText.Names(boundary.Verdict.First, ""),
        Names(boundary.Verdict.Failed),
        Names(boundary.Untold),
        [.. VmaText.FlagNames(boundary.FlagsApart).Split(' ').Where(name => name != "none")]);

    private static bool IsShown(Boundary boundary, SpaceStrip? strip) => strip is null
        || (strip.Vmas.Count > 0 && boundary.Upper.Start > strip.Vmas[0].Start
            && boundary.Upper.Start <= strip.Vmas[^1].Start);

    private static StripDocument StripOf(SpaceExplanation explanation, SpaceStrip strip)
    {
        Dictionary<ulong, int> numbers = [];
        return new StripDocument(
            JsonReport.Hex(strip.Low),
            JsonReport.Hex(strip.High),
            strip.Hole is Hole hole ? JsonReport.Hex(hole.Start) : null,
            strip.Hole is Hole same ? JsonReport.Hex(same.End) : null,
            [.. strip.Vmas.Select(vma => Of(explanation, vma, numbers))]);
    }

    private static StripVmaDocument Of(SpaceExplanation explanation, VmaImage vma, Dictionary<ulong, int> numbers)
    {
        bool isTold = explanation.Source == ExplanationSource.Kernel;
        if (vma.AnonVma != 0)
        {
            _ = numbers.TryAdd(vma.AnonVma, numbers.Count + 1);
        }

        return new StripVmaDocument(
            JsonReport.Hex(vma.Start),
            JsonReport.Hex(vma.End),
            VmaText.Permissions(vma.Flags),
            vma.Pgoff,
            vma.File.IsNone ? "" : explanation.PathOf(vma),
            vma.Traits.Name,
            isTold ? numbers.GetValueOrDefault(vma.AnonVma) : null,
            isTold ? vma.Chain.Count : null);
    }

    private static string[] Names(MergeTests tests) =>
        [.. MergeText.Split(tests).Select(test => MergeText.Names(test, ""))];
}
