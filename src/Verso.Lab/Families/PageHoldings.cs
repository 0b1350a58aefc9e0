using Verso.Engine.ReverseMaps;

namespace Verso.Lab.Families;

/// <summary>
/// What a design holds for pages, inferred from how many anonymous pages are resident: which of them are shared, and
/// how they lie, the graph does not tell. At least: as if a family shared all it can. At most: as if its members shared
/// every page, two by two.
/// </summary>
/// <param name="Pages">Resident anonymous pages, counted once for each address space.</param>
/// <param name="LeastBytes">What it holds at least.</param>
/// <param name="MostBytes">What it holds at most; null where nothing bounds it.</param>
/// <param name="Reason">Of what, in one line.</param>
public sealed record PageHoldings(long Pages, long LeastBytes, long? MostBytes, string Reason)
{
    internal static PageHoldings? Of(FamilyGraph graph, DesignFacts facts)
    {
        if (facts.PageCost is not { } cost)
        {
            return null;
        }

        if (graph.Spaces.Any(space => space.Process.Memory is null))
        {
            return null;
        }

        Dictionary<SpaceNode, Family> related = [];
        foreach (Family family in graph.Families.Where(family => family.Spaces.Count > 1))
        {
            foreach (SpaceNode space in family.Spaces)
            {
                related.Add(space, family);
            }
        }

        long all = graph.Spaces.Sum(PagesOf);
        long shareable = related.Keys.Sum(PagesOf);
        long distinct = all - shareable + related.Values.Distinct().Sum(family => family.Spaces.Max(PagesOf));
        long written = graph.Spaces.Sum(space => (long)space.Image.Vmas.Count(vma => vma.AnonVma != 0));
        long least = (distinct * cost.LeastBytes) + (written * cost.BytesForAVma);
        return new PageHoldings(
            all, least, cost.MostBytesShared is { } most ? least + (shareable * most) : null, cost.Reason);
    }

    private static long PagesOf(SpaceNode space) => space.Process.Memory!.AnonymousPages;
}
