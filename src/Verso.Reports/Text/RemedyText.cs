using System.Text;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>What is to be done, each with the VMAs there would be had it been done from the start.</summary>
internal static class RemedyText
{
    /// <summary>A range, or the one number that it is.</summary>
    internal static string Of(CountRange range) => range.Least == range.Most
        ? Figures.Count(range.Least)
        : $"{Figures.Count(range.Least)} to {Figures.Count(range.Most)}";

    /// <summary>The figure and the sentence.</summary>
    internal static string Short(RemedyOffer offer) =>
        $"{Of(offer.Vmas)} {(offer.Vmas.Most == 1 ? "VMA" : "VMAs")}: {offer.Remedy.Text}";

    /// <summary>All of them, and which of them exclude each other.</summary>
    internal static void Append(StringBuilder text, IReadOnlyList<RemedyOffer> offers, string kernel)
    {
        foreach (RemedyOffer offer in offers)
        {
            Prose.Wrap(text, "  > ", $"{Short(offer)} ({Basis(offer.Remedy, kernel)})", 4);
        }

        foreach (Exclusion exclusion in RemedyOffer.Exclusions(offers))
        {
            int one = Place(offers, exclusion.One);
            int other = Place(offers, exclusion.Other);
            (one, other) = (Math.Min(one, other), Math.Max(one, other));
            Prose.Wrap(
                text, "  ! ", $"not both the {Ordinal(one)} and the {Ordinal(other)}: {exclusion.Why}", 4);
        }
    }

    private static int Place(IReadOnlyList<RemedyOffer> offers, Remedy remedy)
    {
        int at = 0;
        while (offers[at].Remedy != remedy)
        {
            at++;
        }

        return at;
    }

    private static string Ordinal(int at) => at switch
    {
        0 => "first",
        1 => "second",
        2 => "third",
        _ => $"{at + 1}th",
    };

    private static string Basis(Remedy remedy, string kernel)
    {
        string basis = remedy.Basis == RemedyBasis.Measured
            ? $"measured on {remedy.MeasuredOn}: {remedy.Shown}" : "inferred";
        string since = remedy.Since.Length == 0 ? "" : $"; Linux {remedy.Since} and later";
        return basis + since + (remedy.WorksOn(kernel) ? "" : $", this is {Printable.Of(kernel)}");
    }
}
