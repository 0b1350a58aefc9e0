namespace Verso.Lab.Families;

/// <summary>anon_vmas by how many VMAs are in their trees, and how many of them a walk for one page visits.</summary>
public sealed class WalkHistogram
{
    private WalkHistogram(IReadOnlyList<WalkBucket> buckets, Coverage all)
    {
        Buckets = buckets;
        All = all;
    }

    /// <summary>The buckets that are not empty: 1, 2, 3-4, 5-8, ...; those without a VMA that was read first.</summary>
    public IReadOnlyList<WalkBucket> Buckets { get; }

    /// <summary>All trees together: the mean is that of a page offset of any of them.</summary>
    public Coverage All { get; }

    /// <summary>Sorts the anon_vmas in.</summary>
    public static WalkHistogram Of(IEnumerable<AnonVmaNode> anonVmas)
    {
        ArgumentNullException.ThrowIfNull(anonVmas);
        SortedDictionary<int, WalkBucket> buckets = [];
        Coverage all = default;
        foreach (AnonVmaNode node in anonVmas)
        {
            int to = node.TreeSize == 0 ? 0 : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)node.TreeSize);
            int from = to <= 2 ? to : (to / 2) + 1;
            WalkBucket before = buckets.GetValueOrDefault(to, new WalkBucket(from, to, 0, 0, default));
            buckets[to] = before with
            {
                AnonVmas = before.AnonVmas + 1,
                Vmas = before.Vmas + node.TreeSize,
                Visits = Join(before.Visits, node.Visits),
            };
            all = Join(all, node.Visits);
        }

        return new WalkHistogram([.. buckets.Values], all);
    }

    private static Coverage Join(Coverage a, Coverage b) =>
        new(a.Pages + b.Pages, a.VmaPages + b.VmaPages, Math.Max(a.Most, b.Most));
}

/// <summary>anon_vmas whose trees are about as large.</summary>
/// <param name="From">The fewest VMAs of a tree in it.</param>
/// <param name="To">The most.</param>
/// <param name="AnonVmas">How many anon_vmas.</param>
/// <param name="Vmas">VMAs in their trees.</param>
/// <param name="Visits">VMAs that a walk for one page visits; the mean is over all page offsets of the trees.</param>
public sealed record WalkBucket(int From, int To, int AnonVmas, long Vmas, Coverage Visits);
