using Verso.Engine.Images;

namespace Verso.Lab.Families;

/// <summary>
/// How many VMAs of an interval tree a walk for one page visits: <c>anon_vma_interval_tree_foreach</c> gives those
/// whose page offsets cover the page's, however many there are beside.
/// </summary>
internal sealed class PageOverlap
{
    private readonly List<(ulong At, int Change)> _ends = [];

    /// <summary>Sweeps over the page offsets of some VMAs.</summary>
    internal Coverage Of(IReadOnlyList<VmaImage> vmas)
    {
        if (vmas.Count == 1)
        {
            ulong pages = PagesOf(vmas[0]);
            return new Coverage(pages, pages, 1);
        }

        _ends.Clear();
        ulong all = 0;
        foreach (VmaImage vma in vmas)
        {
            ulong pages = PagesOf(vma);
            all += pages;
            _ends.Add((vma.Pgoff, 1));
            _ends.Add((vma.Pgoff + pages, -1));
        }

        // Where one ends and another begins, the end comes first: they have no page together.
        _ends.Sort();
        (ulong covered, ulong last, int depth, int most) = (0, 0, 0, 0);
        foreach ((ulong at, int change) in _ends)
        {
            covered += depth > 0 ? at - last : 0;
            last = at;
            depth += change;
            most = Math.Max(most, depth);
        }

        return new Coverage(covered, all, most);
    }

    private static ulong PagesOf(VmaImage vma) => (vma.End - vma.Start) >> Engine.Page.Shift;
}
