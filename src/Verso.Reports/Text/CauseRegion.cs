using Verso.Engine.Images;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>The part of an address space that has most of some pairs of VMAs.</summary>
/// <param name="Start">Of the lowest VMA of these pairs.</param>
/// <param name="End">Of the highest.</param>
/// <param name="Pairs">How many it has.</param>
/// <param name="Name">What is mapped there, fit for a terminal.</param>
internal sealed record CauseRegion(ulong Start, ulong End, int Pairs, string Name)
{
    /// <summary>
    /// Finds it among the rows of VMAs that touch and could be one, as far as such pairs reach in them: what is
    /// of another cause lies between.
    /// </summary>
    internal static CauseRegion Of(
        SpaceExplanation explanation, IReadOnlyList<(VmaImage Lower, VmaImage Upper)> pairs)
    {
        HashSet<ulong> meant = [.. pairs.Select(pair => pair.Upper.Start)];
        IEnumerable<(VmaImage Lower, VmaImage Upper)> between = explanation.Boundaries
            .Where(each => each.Lasting == LastingReason.None && !meant.Contains(each.Upper.Start))
            .Select(each => (each.Lower, each.Upper));
        List<(VmaImage Lower, VmaImage Upper)> row = [];
        List<(VmaImage Lower, VmaImage Upper)> most = [];
        ulong next = 0;
        foreach ((VmaImage Lower, VmaImage Upper) pair in pairs.Concat(between).OrderBy(each => each.Upper.Start))
        {
            if (pair.Lower.Start != next)
            {
                row = [];
            }

            next = pair.Upper.Start;
            if (meant.Contains(pair.Upper.Start))
            {
                row.Add(pair);
                most = row.Count > most.Count ? row : most;
            }
        }

        return new CauseRegion(most[0].Lower.Start, most[^1].Upper.End, most.Count, NameOf(explanation, most));
    }

    // The most frequent name, of as many a file's; and how many others there are.
    private static string NameOf(SpaceExplanation explanation, List<(VmaImage Lower, VmaImage Upper)> pairs)
    {
        FileNamePatterns patterns = new(explanation);
        IGrouping<string, VmaImage>[] names =
        [
            .. pairs.SelectMany(pair => (VmaImage[])[pair.Lower, pair.Upper]).DistinctBy(vma => vma.Start)
                .GroupBy(vma => NameOf(patterns, vma))
                .OrderByDescending(name => name.Count()).ThenBy(name => name.First().File.IsNone),
        ];
        int others = names.Length - 1;
        return others == 0 ? names[0].Key : $"{names[0].Key} and {Figures.Plural(others, "other", "others")}";
    }

    private static string NameOf(FileNamePatterns patterns, VmaImage vma)
    {
        string name = patterns.Of(vma);
        return (vma.File.IsNone && name == "anonymous" ? "anonymous memory" : name)
            + (vma.Traits.Name is string given ? $" [{Printable.Of(given)}]" : "");
    }
}
