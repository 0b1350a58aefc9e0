using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Calls that let the kernel try to join two VMAs alike, and leave them as they were.</summary>
/// <remarks>
/// An advice that both have already changes nothing, and taking it back afterwards divides them: so the one that is
/// taken is one that they do not have. The read-ahead advices are three, and one excludes the other.
/// </remarks>
internal static class ToggleRemedies
{
    private const VmaFlags ReadAhead = VmaFlags.SeqRead | VmaFlags.RandRead;

    internal static IReadOnlyList<Remedy> All => [Normal, Sequential, Random];

    private static Remedy Normal { get; } = Of(
        "Change an attribute and change it back: madvise MADV_RANDOM, then MADV_NORMAL",
        "scenarios/merge/tried-again.txt");

    private static Remedy Sequential { get; } = Of(
        "Where both have MADV_SEQUENTIAL: madvise MADV_NORMAL, then MADV_SEQUENTIAL again",
        "scenarios/merge/tried-again-sequential.txt");

    private static Remedy Random { get; } = Of(
        "Where both have MADV_RANDOM: madvise MADV_NORMAL, then MADV_RANDOM again",
        "scenarios/merge/tried-again-random.txt");

    /// <summary>One for each read-ahead advice that pairs have; these are alike in their flags.</summary>
    internal static IEnumerable<Remedy> For(IReadOnlyList<Boundary> boundaries) =>
        boundaries.Select(boundary => Of(boundary.Lower.Flags)).Distinct().OrderBy(remedy => remedy != Normal);

    private static Remedy Of(VmaFlags flags) => (flags & ReadAhead) switch
    {
        VmaFlags.SeqRead => Sequential,
        VmaFlags.RandRead => Random,
        _ => Normal,
    };

    private static Remedy Of(string calls, string shown) =>
        new($"{calls}, on one of the two; on the other too if they are still two.", RemedyBasis.Measured, shown)
        {
            Lift = new Lift(MergeTests.None),
        };
}
