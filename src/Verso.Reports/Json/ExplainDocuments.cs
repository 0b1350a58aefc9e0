using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>Two VMAs that touch.</summary>
public sealed record BoundaryDocument(
    string Address,
    string Standing,
    string First,
    IReadOnlyList<string> Failed,
    IReadOnlyList<string> Untold,
    IReadOnlyList<string> FlagsApart);

/// <summary>What would lift a reason.</summary>
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
public sealed record KindDocument(string Kind, int Pairs, IReadOnlyList<string> Addresses);

/// <summary>Where in the program the calls come from that made some boundaries; the innermost function first.</summary>
public sealed record CallerDocument(IReadOnlyList<string> Functions, string File, int Boundaries);

/// <summary>The pairs with one first reason.</summary>
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
public sealed record LastingDocument(
    string Reason,
    string Plain,
    int Pairs,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>What leaves the fewest VMAs when it is removed.</summary>
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
public sealed record HolesDocument(
    int Count,
    ulong Bytes,
    int VmasFilledNow,
    int VmasNever,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<CallerDocument> Callers,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>Files that were deleted while they were mapped.</summary>
public sealed record DeletedFilesDocument(int Vmas, int Files);

/// <summary>A call that fails now, for there are too many VMAs.</summary>
public sealed record FailingCallDocument(string Call, string Of, string Error);

/// <summary>One VMA of a strip.</summary>
public sealed record StripVmaDocument(
    string Start,
    string End,
    string Permissions,
    ulong Pgoff,
    string File,
    string? Name,
    int? AnonVma,
    int? ChainEntries);

/// <summary>The VMAs around an address or of a range. In a hole: its range.</summary>
public sealed record StripDocument(
    string Low, string High, string? HoleStart, string? HoleEnd, IReadOnlyList<StripVmaDocument> Vmas);

/// <summary>Why an address space has as many VMAs as it has.</summary>
public sealed record ExplanationDocument
{
    public required string Schema { get; init; }

    public required int Pid { get; init; }

    public required string Command { get; init; }

    public required string Kernel { get; init; }

    public required string Rules { get; init; }

    public required string RulesBasis { get; init; }

    public required string Source { get; init; }

    public required string Reading { get; init; }

    public required int Vmas { get; init; }

    public required int MaxMapCount { get; init; }

    public required int Pairs { get; init; }

    public required int PossiblePairs { get; init; }

    public required int OneWayPairs { get; init; }

    public required IReadOnlyList<string> Untold { get; init; }

    public required MainCauseDocument? Main { get; init; }

    public required IReadOnlyList<ReasonDocument> Reasons { get; init; }

    public required HolesDocument Holes { get; init; }

    public required IReadOnlyList<LastingDocument> Never { get; init; }

    public required DeletedFilesDocument DeletedFiles { get; init; }

    public required IReadOnlyList<FailingCallDocument> FailingCalls { get; init; }

    public required IReadOnlyList<BoundaryDocument> Boundaries { get; init; }

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
