using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>A difference between VMAs, as one that there never was.</summary>
/// <param name="Tests">The tests that fail for it.</param>
/// <remarks>
/// Neighbours that never differed would have been one VMA all the time, with one anon_vma for what was written in any
/// of it: what differs in its anon_vma, too, differs for that. So a row of VMAs that touch, in which nothing but this
/// and anon_vmas keeps any two apart, is one VMA.
/// </remarks>
internal sealed record Lift(MergeTests Tests)
{
    internal const MergeTests Consequences = MergeTests.AnonVma | MergeTests.ForkedChain;

    private static readonly Func<Boundary, bool> _all = static _ => true;

    /// <summary>Of which pairs.</summary>
    internal Func<Boundary, bool> Applies { get; init; } = _all;

    /// <summary>What is passed of every pair of a row, for it would not differ either.</summary>
    internal MergeTests Always { get; init; } = Consequences;

    /// <summary>Whether what went through fork with anon_vmas that have nothing in common stays apart.</summary>
    internal bool KeepsOrigins { get; init; }

    /// <summary>Where flags are among the tests: those that may differ.</summary>
    internal VmaFlags Flags { get; init; } = ~VmaFlags.None;

    /// <summary>Where flags are among the tests: VMAs without access that would not be there as such.</summary>
    internal InaccessibleUse Uses { get; init; }

    /// <summary>How many VMAs stay of such a row.</summary>
    internal Func<IReadOnlyList<VmaImage>, int> Staying { get; init; } = static _ => 1;

    /// <summary>The rows of VMAs that would be fewer, as indices of pairs: the first and one beyond the last.</summary>
    /// <param name="pairs">Those that touch, by ascending address.</param>
    internal IEnumerable<Range> Rows(IReadOnlyList<Boundary> pairs)
    {
        int start = 0;
        bool isWanted = false;
        VmaFlags? flags = null;
        ulong origin = 0;
        for (int at = 0; at < pairs.Count; at++)
        {
            Boundary pair = pairs[at];
            bool follows = at > start && pairs[at - 1].Upper.Start == pair.Lower.Start;
            if (!follows && at > start)
            {
                if (isWanted)
                {
                    yield return start..at;
                }

                (start, isWanted) = (at, false);
            }

            flags = follows ? flags : IsAbsorbed(pair, pair.Lower) ? null : pair.Lower.Flags;
            VmaFlags? below = flags;
            flags = IsAbsorbed(pair, pair.Upper) ? flags : pair.Upper.Flags;
            bool isOwn = Applies(pair);
            origin = follows && origin != 0 ? origin : pair.LowerOrigin;
            bool isOfOne = !KeepsOrigins || origin == 0 || pair.UpperOrigin == 0 || origin == pair.UpperOrigin;
            origin = origin != 0 ? origin : pair.UpperOrigin;
            MergeTests passed = Always | (isOwn ? pair.LiftedWith(Tests) : MergeTests.None);
            if (pair.Lasting == LastingReason.None && isOfOne && (pair.Verdict.Failed & ~passed) == MergeTests.None
                && (!isOwn || AreAlike(below, pair)))
            {
                isWanted |= isOwn && (pair.Verdict.Failed & Tests) != MergeTests.None;
                flags = below ?? flags;
                continue;
            }

            if (isWanted)
            {
                yield return start..at;
            }

            (start, isWanted, flags, origin) = (at + 1, false, null, 0);
        }

        if (isWanted)
        {
            yield return start..pairs.Count;
        }
    }

    private bool AreAlike(VmaFlags? below, Boundary pair) => (Tests & MergeTests.Flags) == MergeTests.None
        || below is not VmaFlags flags || IsAbsorbed(pair, pair.Upper)
        || ((flags ^ pair.Upper.Flags) & ~VmaFlags.SoftDirty & ~Flags) == VmaFlags.None;

    private bool IsAbsorbed(Boundary pair, VmaImage vma) =>
        (pair.Inaccessible & Uses) != InaccessibleUse.None && InaccessibleUses.IsInaccessible(vma);
}
