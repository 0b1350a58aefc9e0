using System.Globalization;
using System.Text;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>Why an address space has as many VMAs as it has, as text.</summary>
public static class ExplainText
{
    /// <summary>Kinds of one reason that are told one by one.</summary>
    private const int MostKinds = 6;

    /// <summary>Kinds of pairs that never could be one.</summary>
    private const int MostLastingKinds = 3;

    /// <summary>Addresses of one kind.</summary>
    internal const int MostExamples = 3;

    /// <summary>Counts by reason, and what would lift each.</summary>
    public static string Render(SpaceExplanation explanation, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        Head(text, explanation, palette);
        if (explanation.Groups.Count > 0)
        {
            text.Append('\n').Append(Table(explanation).Render(int.MaxValue, palette));
            foreach (ReasonGroup group in explanation.Groups)
            {
                text.Append('\n');
                Describe(text, explanation, group, palette);
            }
        }

        if (explanation.Lasting.Count > 0)
        {
            text.Append('\n');
            DescribeLasting(text, explanation, palette);
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        int left = explanation.MaxMapCount - explanation.VmaCount;
        double share = 100.0 * explanation.VmaCount / Math.Max(1, explanation.MaxMapCount);
        text.Append(palette.Bold(string.Create(
                CultureInfo.InvariantCulture,
                $"{explanation.Process.Pid} {Printable.Of(explanation.Process.Command)}")))
            .Append(": ").Append(Figures.Plural(explanation.VmaCount, "VMA", "VMAs"))
            .Append(CultureInfo.InvariantCulture, $", {share:F1} % of vm.max_map_count ({explanation.MaxMapCount}); ")
            .Append(Figures.Count(left)).Append(" left\n");
        text.Append(Figures.Plural(explanation.Boundaries.Count, "pair touches", "pairs touch"))
            .Append(": ").Append(Figures.Count(explanation.PossiblePairs)).Append(" could be one VMA, ")
            .Append(Figures.Count(explanation.Boundaries.Count - explanation.PossiblePairs)).Append(" never\n");
        string rules = RulesText.Of(explanation);
        if (rules.Length > 0)
        {
            Prose.Wrap(text, "", rules, 2);
        }

        if (explanation.OneWayPairs > 0)
        {
            text.Append("Linux 6.16 and later would have joined more: at best ")
                .Append(Figures.Plural(explanation.VmasWithoutOneWay, "VMA", "VMAs")).Append('\n');
        }

        if (explanation.Source == ExplanationSource.Proc)
        {
            Prose.Wrap(
                text,
                "",
                explanation.Untold == MergeTests.None
                    ? "read from /proc, which tells all of these pairs"
                    : "read from /proc: of some pairs it cannot be told whether these tests fail: "
                        + MergeText.Names(explanation.Untold, ", "),
                2);
        }

        if (explanation.Process.Reading == GraphReading.Changed)
        {
            text.Append("its VMAs changed while they were read: some pairs may never have been neighbours\n");
        }
    }

    private static TextTable Table(SpaceExplanation explanation)
    {
        TextTable table = new(["pairs", "only this", "VMAs without it"]);
        foreach (ReasonGroup group in explanation.Groups)
        {
            table.Row(
                BoundaryText.Name(group.First, group.Standing),
                [
                    Figures.Count(group.Boundaries.Count),
                    Figures.Count(group.OnlyThis),
                    Range(explanation.VmasWithout(group.First)),
                ]);
        }

        table.Row(
            "all of these",
            [
                Figures.Count(explanation.PossiblePairs),
                "",
                Figures.Count(explanation.VmaCount - explanation.PossiblePairs),
            ]);
        return table;
    }

    private static string Range(CountRange range) => range.Least == range.Most
        ? Figures.Count(range.Least)
        : $"{Figures.Count(range.Least)} to {Figures.Count(range.Most)}";

    private static void Describe(
        StringBuilder text, SpaceExplanation explanation, ReasonGroup group, Palette palette)
    {
        bool isOpen = group.Standing == BoundaryStanding.CannotTell;
        string plain = isOpen ? ReasonText.Untold : ReasonText.Plain(group.First);
        text.Append(palette.Name(BoundaryText.Name(group.First, group.Standing))).Append('\n');
        Prose.Wrap(text, "  ", isOpen ? plain : $"{plain} ({ReasonText.Kernel(group.First)})", 2);
        Kinds(text, group.Boundaries, BoundaryText.Kind, MostKinds);
        if (group.Beyond.Count > 0)
        {
            Prose.Wrap(text, "  ", $"{BoundaryText.Beyond(group)}, {Examples(group.Beyond)}", 2);
        }

        IReadOnlyList<Remedy> remedies = Remedy.For(group.WithBeyond);
        if (isOpen && remedies.Count > 0)
        {
            text.Append("  if it is different anon_vmas:\n");
        }

        foreach (Remedy remedy in remedies)
        {
            Prose.Wrap(text, "  > ", $"{remedy.Text} ({Basis(remedy, explanation.Kernel)})", 4);
        }
    }

    private static string Basis(Remedy remedy, string kernel)
    {
        string basis = remedy.Basis == RemedyBasis.Measured
            ? $"measured on {remedy.MeasuredOn}: {remedy.Shown}" : "inferred";
        string since = remedy.Since.Length == 0 ? "" : $"; Linux {remedy.Since} and later";
        return basis + since + (remedy.WorksOn(kernel) ? "" : $", this is {Printable.Of(kernel)}");
    }

    private static void DescribeLasting(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        text.Append(palette.Name("never one")).Append('\n');
        foreach (LastingGroup group in explanation.Lasting)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {group.Boundaries.Count,6}  ")
                .Append(ReasonText.Plain(group.Reason)).Append(", ").Append(Examples(group.Boundaries)).Append('\n');
            var kinds = ByKind(group.Boundaries, boundary => BoundaryText.LastingKind(explanation, boundary));
            foreach (var kind in kinds.Take(MostLastingKinds))
            {
                text.Append(CultureInfo.InvariantCulture, $"          {kind.Count(),6}  {kind.Key}\n");
            }

            if (kinds.Length > MostLastingKinds)
            {
                text.Append("                  and ")
                    .Append(Figures.Plural(kinds.Length - MostLastingKinds, "other", "others")).Append('\n');
            }
        }
    }

    private static void Kinds(
        StringBuilder text, IReadOnlyList<Boundary> boundaries, Func<Boundary, string> kindOf, int most)
    {
        var kinds = ByKind(boundaries, kindOf);
        foreach (var kind in kinds.Take(most))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {kind.Count(),6}  {kind.Key}, ")
                .Append(Examples([.. kind])).Append('\n');
        }

        if (kinds.Length > most)
        {
            text.Append("          and ").Append(Figures.Plural(kinds.Length - most, "other kind", "other kinds"))
                .Append('\n');
        }

        if (kinds.Length == 0 && boundaries.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {boundaries.Count,6}  ").Append(Examples(boundaries))
                .Append('\n');
        }
    }

    /// <summary>Pairs by what exactly differs, the most frequent first; nothing where there are no kinds.</summary>
    internal static IGrouping<string, Boundary>[] ByKind(
        IReadOnlyList<Boundary> boundaries, Func<Boundary, string> kindOf) =>
    [
        .. boundaries.GroupBy(kindOf).Where(kind => kind.Key.Length > 0)
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal),
    ];

    private static string Examples(IReadOnlyList<Boundary> boundaries)
    {
        IEnumerable<string> shown = boundaries.Take(MostExamples)
            .Select(boundary => boundary.Upper.Start.ToString("x", CultureInfo.InvariantCulture));
        return (boundaries.Count > MostExamples ? "e.g. at " : "at ") + string.Join(", ", shown);
    }
}
