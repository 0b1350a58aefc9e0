using System.Globalization;
using System.Text;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>Why an address space has as many VMAs as it has, as text.</summary>
public static class ExplainText
{
    /// <summary>Kinds of one reason that are listed.</summary>
    private const int MostKinds = 6;

    /// <summary>Addresses of one kind.</summary>
    internal const int MostExamples = 3;

    /// <summary>Counts by reason, and what would remove each.</summary>
    public static string Render(SpaceExplanation explanation, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        ExplainHeadText.Append(text, explanation, palette);
        ReasonGroup[] groups = [.. explanation.Groups.Where(group => group.Boundaries.Count > 0)];
        if (groups.Length > 0 || explanation.Holes.All.Count > 0)
        {
            text.Append('\n').Append(Table(explanation, groups).Render(int.MaxValue, palette));
            AppendBeyond(text, explanation);
        }

        foreach (ReasonGroup group in groups)
        {
            text.Append('\n');
            Describe(text, explanation, group, palette);
        }

        if (explanation.Holes.All.Count > 0)
        {
            text.Append('\n');
            DescribeHoles(text, explanation, palette);
        }

        if (explanation.Lasting.Count > 0)
        {
            text.Append('\n');
            LastingText.Append(text, explanation, palette);
        }

        return text.ToString();
    }

    private static TextTable Table(SpaceExplanation explanation, IReadOnlyList<ReasonGroup> groups)
    {
        TextTable table = new(["pairs", "only this", "VMAs if undone now", "if never so"]);
        foreach (ReasonGroup group in groups)
        {
            table.Row(
                BoundaryText.Name(group.First, group.Standing),
                [
                    Figures.Count(group.Boundaries.Count),
                    Figures.Count(group.OnlyThis),
                    RemedyText.Of(explanation.VmasWithout(group.First)),
                    RemedyText.Of(explanation.VmasWithoutEver(group.First)),
                ]);
        }

        int holes = explanation.Holes.All.Count;
        if (holes > 0)
        {
            table.Row(
                "holes",
                [
                    Figures.Count(holes),
                    Figures.Count(holes),
                    Figures.Count(explanation.VmaCount - explanation.Holes.Fillable),
                    Figures.Count(explanation.VmaCount - holes),
                ]);
        }

        table.Row(
            "all of these",
            [
                Figures.Count(explanation.PossiblePairs + holes),
                "",
                "",
                Figures.Count(explanation.VmaCount - explanation.PossiblePairs - holes),
            ]);
        return table;
    }

    // Why the first figure is larger than the second.
    private static void AppendBeyond(StringBuilder text, SpaceExplanation explanation)
    {
        int beyond = explanation.Groups.Sum(group => group.Beyond.Count);
        if (beyond > 0)
        {
            Prose.Wrap(text, "  ", BoundaryText.Beyond(beyond), 2);
        }
    }

    private static void Describe(
        StringBuilder text, SpaceExplanation explanation, ReasonGroup group, Palette palette)
    {
        bool isOpen = group.Standing == BoundaryStanding.CannotTell;
        string plain = isOpen ? ReasonText.Untold : ReasonText.Plain(group.First);
        text.Append(palette.Name(BoundaryText.Name(group.First, group.Standing))).Append('\n');
        Prose.Wrap(text, "  ", isOpen ? plain : $"{plain} ({ReasonText.Kernel(group.First)})", 2);
        Kinds(text, explanation, group.Boundaries);
        CallerText.Append(text, explanation.Callers?.Of(group.Boundaries.Select(pair => pair.Upper.Start)) ?? []);
        IReadOnlyList<RemedyOffer> offers = explanation.Offers(group);
        if (isOpen && offers.Count > 0)
        {
            text.Append("  if the anon_vmas differ:\n");
        }

        RemedyText.Append(text, offers, explanation.Kernel);
    }

    private static void DescribeHoles(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        text.Append(palette.Name("holes")).Append('\n');
        Prose.Wrap(
            text,
            "  ",
            $"alike, with nothing mapped between them ({Figures.Bytes((long)explanation.Holes.Bytes)} in all): "
                + "munmap inside a VMA leaves two",
            2);
        var kinds = explanation.Holes.All.GroupBy(BoundaryText.Kind)
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal).ToArray();
        foreach (var kind in kinds.Take(MostKinds))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {kind.Count(),6}  {kind.Key}, ")
                .Append(Examples([.. kind.Select(hole => hole.Lower.End)])).Append('\n');
        }

        Rest(text, kinds.Length);
        CallerText.Append(text, explanation.Callers?.Of(explanation.Holes.All.Select(hole => hole.Lower.End)) ?? []);
        RemedyText.Append(text, explanation.HoleOffers, explanation.Kernel);
    }

    private static void Kinds(StringBuilder text, SpaceExplanation explanation, IReadOnlyList<Boundary> boundaries)
    {
        var kinds = ByKind(boundaries, boundary => BoundaryText.Kind(explanation, boundary));
        foreach (var kind in kinds.Take(MostKinds))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {kind.Count(),6}  {kind.Key}, ")
                .Append(Examples([.. kind])).Append('\n');
        }

        Rest(text, kinds.Length);
        if (kinds.Length == 0 && boundaries.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {boundaries.Count,6}  ").Append(Examples(boundaries))
                .Append('\n');
        }
    }

    private static void Rest(StringBuilder text, int kinds) => text.Append(kinds <= MostKinds ? ""
        : $"          and {Figures.Plural(kinds - MostKinds, "other kind", "other kinds")}\n");

    /// <summary>Pairs by what exactly differs, the most frequent first; nothing where there are no kinds.</summary>
    internal static IGrouping<string, Boundary>[] ByKind(
        IReadOnlyList<Boundary> boundaries, Func<Boundary, string> kindOf) =>
    [
        .. boundaries.GroupBy(kindOf).Where(kind => kind.Key.Length > 0)
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal),
    ];

    internal static string Examples(IReadOnlyList<Boundary> boundaries) =>
        Examples([.. boundaries.Select(boundary => boundary.Upper.Start)]);

    private static string Examples(IReadOnlyList<ulong> addresses)
    {
        IEnumerable<string> shown = addresses.Take(MostExamples)
            .Select(address => address.ToString("x", CultureInfo.InvariantCulture));
        return (addresses.Count > MostExamples ? "e.g. at " : "at ") + string.Join(", ", shown);
    }
}
