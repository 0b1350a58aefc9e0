using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>Of all that is advised for an address space, what would leave the fewest VMAs, and why it would.</summary>
internal sealed class MainCause
{
    /// <summary>With so few VMAs nobody needs advice about files that he maps.</summary>
    private const int Few = 200;

    private MainCause(SpaceExplanation explanation, Candidate main)
    {
        Offer = main.Offer;
        Name = main.Lasting is null ? main.Name : Kebab.Of(main.Lasting.Reason.ToString());
        Detail = main.Kind.Length > 0 ? $"{main.Name}: {main.Kind}" : main.Name;
        DetailPairs = main.KindPairs;
        IReadOnlyList<Boundary> pairs = Offer.Pairs.Count > 0 ? Offer.Pairs : main.Lasting?.Boundaries ?? [];
        IsOfHoles = pairs.Count == 0;
        Plain = IsOfHoles ? "holes that munmap left between what is alike"
            : MostFrequent(pairs, pair => BoundaryText.Brief(explanation, pair));
        Callers = explanation.Callers?.Of(
            IsOfHoles
                ? explanation.Holes.All.Select(hole => hole.Lower.End)
                : pairs.Select(pair => pair.Upper.Start)) ?? [];
        Pairs = IsOfHoles ? explanation.Holes.All.Count : pairs.Count;
        Region = CauseRegion.Of(
            explanation,
            IsOfHoles
                ? [.. explanation.Holes.All.Select(hole => (hole.Lower, hole.Upper))]
                : [.. pairs.Select(pair => (pair.Lower, pair.Upper))]);
    }

    /// <summary>What is to be done, and how many VMAs there would be.</summary>
    internal RemedyOffer Offer { get; }

    /// <summary>The reason, as tables name it.</summary>
    internal string Name { get; }

    /// <summary>The reason with the most frequent kind of it.</summary>
    internal string Detail { get; }

    /// <summary>Pairs of that kind.</summary>
    internal int DetailPairs { get; }

    /// <summary>What keeps the pairs apart that the remedy is for, in words.</summary>
    internal string Plain { get; }

    /// <summary>Those pairs: adjacent ones, or ones with a hole between them.</summary>
    internal int Pairs { get; }

    /// <summary>Whether they are apart by holes.</summary>
    internal bool IsOfHoles { get; }

    /// <summary>Where most of them are.</summary>
    internal CauseRegion Region { get; }

    /// <summary>Which calls they come from, the most frequent first; empty where nobody knows.</summary>
    internal IReadOnlyList<CallerCount> Callers { get; }

    /// <summary>The main cause; null if nothing that is known would leave fewer VMAs.</summary>
    internal static MainCause? Of(SpaceExplanation explanation) => Of(explanation, Candidates(explanation));

    /// <summary>
    /// The same for who wants to hear no more than that: of few VMAs only what keeps apart those that could be one.
    /// </summary>
    internal static MainCause? WorthSaying(SpaceExplanation explanation) => Of(
        explanation,
        Candidates(explanation).Where(each => each.Lasting is null || explanation.VmaCount > Few));

    private static MainCause? Of(SpaceExplanation explanation, IEnumerable<Candidate> candidates)
    {
        Candidate? main = candidates
            .OrderBy(each => each.Offer.Vmas.Most).ThenByDescending(each => each.KindPairs).FirstOrDefault();
        return main is null || main.Offer.Vmas.Most >= explanation.VmaCount ? null : new MainCause(explanation, main);
    }

    private static IEnumerable<Candidate> Candidates(SpaceExplanation explanation)
    {
        foreach (ReasonGroup group in explanation.Groups.Where(group => group.Boundaries.Count > 0))
        {
            IGrouping<string, Boundary>? kind = ExplainText.ByKind(
                group.Boundaries, pair => BoundaryText.Kind(explanation, pair)).FirstOrDefault();
            string name = BoundaryText.Name(group.First, group.Standing);
            foreach (RemedyOffer offer in explanation.Offers(group).Take(1))
            {
                yield return new(name, kind?.Key ?? "", kind?.Count() ?? group.Boundaries.Count, offer);
            }
        }

        foreach (RemedyOffer offer in explanation.HoleOffers.Take(1))
        {
            yield return new("holes", "", explanation.Holes.All.Count, offer);
        }

        foreach (LastingGroup group in explanation.Lasting)
        {
            foreach (RemedyOffer offer in explanation.Offers(group).Take(1))
            {
                yield return new(ReasonText.Plain(group.Reason), "", group.Boundaries.Count, offer) { Lasting = group };
            }
        }
    }

    private static string MostFrequent(IReadOnlyList<Boundary> pairs, Func<Boundary, string> wordsOf) =>
        pairs.GroupBy(wordsOf).OrderByDescending(words => words.Count())
            .ThenBy(words => words.Key, StringComparer.Ordinal).First().Key;

    private sealed record Candidate(string Name, string Kind, int KindPairs, RemedyOffer Offer)
    {
        public LastingGroup? Lasting { get; init; }
    }
}
