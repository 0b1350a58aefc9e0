using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
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
    string Text, string Basis, string MeasuredOn, string Shown, string Since, bool OnThisKernel);

/// <summary>Pairs that differ in the same.</summary>
public sealed record KindDocument(string Kind, int Pairs, IReadOnlyList<string> Addresses);

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
    int PairsBeyond,
    IReadOnlyList<string> AddressesBeyond,
    IReadOnlyList<KindDocument> Kinds,
    IReadOnlyList<RemedyDocument> Remedies);

/// <summary>Pairs that never could be one, for one reason.</summary>
public sealed record LastingDocument(string Reason, string Plain, int Pairs, IReadOnlyList<KindDocument> Kinds);

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

    public required IReadOnlyList<ReasonDocument> Reasons { get; init; }

    public required IReadOnlyList<LastingDocument> Never { get; init; }

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
        RulesBasis = Kebab.Of(explanation.Rules.BasisFor(explanation.Kernel).ToString()),
        Source = Kebab.Of(explanation.Source.ToString()),
        Reading = Kebab.Of(explanation.Process.Reading.ToString()),
        Vmas = explanation.VmaCount,
        MaxMapCount = explanation.MaxMapCount,
        Pairs = explanation.Boundaries.Count,
        PossiblePairs = explanation.PossiblePairs,
        OneWayPairs = explanation.OneWayPairs,
        Untold = Names(explanation.Untold),
        Reasons = [.. explanation.Groups.Select(group => Of(explanation, group))],
        Never = [.. explanation.Lasting.Select(group => Of(explanation, group))],
        Boundaries = [.. explanation.Boundaries.Where(each => IsShown(each, strip)).Select(Of)],
        Strip = strip is null ? null : StripOf(explanation, strip),
    };

    private static ReasonDocument Of(SpaceExplanation explanation, ReasonGroup group)
    {
        CountRange without = explanation.VmasWithout(group.First);
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
            group.Beyond.Count,
            Addresses(group.Beyond),
            Kinds(group.Boundaries, BoundaryText.Kind),
            [.. Remedy.For(group.WithBeyond).Select(remedy => Of(remedy, explanation.Kernel))]);
    }

    private static RemedyDocument Of(Remedy remedy, string kernel) => new(
        remedy.Text,
        Kebab.Of(remedy.Basis.ToString()),
        remedy.Basis == RemedyBasis.Measured ? remedy.MeasuredOn : "",
        remedy.Shown,
        remedy.Since,
        remedy.WorksOn(kernel));

    private static LastingDocument Of(SpaceExplanation explanation, LastingGroup group) => new(
        Kebab.Of(group.Reason.ToString()),
        ReasonText.Plain(group.Reason),
        group.Boundaries.Count,
        Kinds(group.Boundaries, boundary => BoundaryText.LastingKind(explanation, boundary)));

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
