namespace Verso.Lab.Explain;

/// <summary>A remedy in an address space.</summary>
/// <param name="Remedy">What to do.</param>
/// <param name="Vmas">VMAs there would be if it had been done from the start, and merges were tried everywhere.</param>
public sealed record RemedyOffer(Remedy Remedy, CountRange Vmas)
{
    /// <summary>The pairs that it is for, by ascending address; none if it is for holes.</summary>
    public IReadOnlyList<Boundary> Pairs { get; init; } = [];

    /// <summary>What gives most first; of what gives the same, what was named first.</summary>
    internal static IReadOnlyList<RemedyOffer> Order(IEnumerable<RemedyOffer> offers) =>
        [.. offers.OrderBy(offer => offer.Vmas.Most)];

    /// <summary>Those among some that cannot be had together.</summary>
    public static IEnumerable<Exclusion> Exclusions(IReadOnlyList<RemedyOffer> offers)
    {
        ArgumentNullException.ThrowIfNull(offers);
        bool IsAmong(Remedy remedy) => offers.Any(offer => offer.Remedy == remedy);
        return FlagRemedies.Exclusions.Where(each => IsAmong(each.One) && IsAmong(each.Other));
    }
}
