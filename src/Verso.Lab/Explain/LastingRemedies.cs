using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would leave fewer VMAs of pairs that never could be one.</summary>
internal static class LastingRemedies
{
    private const MergeTests OfOtherObjects = MergeTests.File | MergeTests.PageOffset;

    /// <summary>Remedies, for which pairs, and how many VMAs fewer there would be with each; at least one.</summary>
    internal static IEnumerable<(Remedy Remedy, IReadOnlyList<Boundary> Pairs, int Fewer)> For(
        SpaceExplanation explanation, LastingGroup group)
    {
        ILookup<Remedy?, Boundary> kinds = group.Boundaries.ToLookup(pair => Of(explanation, group.Reason, pair));
        List<(Remedy Remedy, IReadOnlyList<Boundary> Pairs, int Fewer)> remedies =
        [
            .. kinds.Where(pairs => pairs.Key is not null)
                .Select(pairs => (pairs.Key!, (IReadOnlyList<Boundary>)[.. pairs], pairs.Count())),
        ];
        remedies.AddRange(group.Reason switch
        {
            LastingReason.TwoFiles => [(FileRemedies.UnmapDeleted, [.. kinds[null]], explanation.DeletedFileVmas)],
            LastingReason.FileAndAnonymous =>
                [(FileRemedies.ReadIn, group.Boundaries, FileOverlays.Count(explanation))],
            _ => [],
        });
        return remedies.Where(each => each.Fewer > 0);
    }

    // What would have spared the one border between them; null where nothing would.
    private static Remedy? Of(SpaceExplanation explanation, LastingReason reason, Boundary pair) => reason switch
    {
        LastingReason.TwoFiles when explanation.IsDeleted(pair.Lower) || explanation.IsDeleted(pair.Upper) => null,
        LastingReason.TwoFiles => FileRemedies.ForTwo(explanation.PathOf(pair.Lower), explanation.PathOf(pair.Upper)),
        LastingReason.Close or LastingReason.Special when AreOfOneMapping(pair) => FileRemedies.InOneCall,
        LastingReason.Special when (pair.Lower.Flags & pair.Upper.Flags & VmaFlags.HugeTlb) != 0
            && FileRemedies.ForTwo(explanation.PathOf(pair.Lower), explanation.PathOf(pair.Upper))
                == FileRemedies.OneCallOfHugePages => FileRemedies.OneCallOfHugePages,
        _ => null,
    };

    // One mmap made both, or they would not go on from each other in one object of one driver.
    private static bool AreOfOneMapping(Boundary pair) =>
        ((pair.Verdict.Failed | pair.Untold) & OfOtherObjects) == MergeTests.None
        && pair.Lower.Traits.Operations == pair.Upper.Traits.Operations;
}
