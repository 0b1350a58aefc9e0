using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>How a remedy is known.</summary>
public enum RemedyBasis
{
    /// <summary>A scenario or a program of this repository shows it on the live kernel.</summary>
    Measured = 0,

    /// <summary>It follows from the rules, and nobody has tried it here.</summary>
    Inferred = 1,
}

/// <summary>What would let two VMAs become one.</summary>
/// <param name="Text">One sentence.</param>
/// <param name="Basis">How it is known.</param>
/// <param name="Shown">Where it is shown: a file of this repository; empty if inferred.</param>
/// <param name="Since">The first kernel it works on; empty: all.</param>
public sealed record Remedy(string Text, RemedyBasis Basis, string Shown = "", string Since = "")
{
    /// <summary>The remedies for pairs that a test keeps apart, the best first; empty if there is none.</summary>
    public static IReadOnlyList<Remedy> For(ReasonGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.First switch
        {
            MergeTests.None =>
            [
                new("Any call that changes an attribute of one to what it is in the other: mprotect there and back.",
                    RemedyBasis.Inferred),
            ],
            MergeTests.Flags => [.. ForFlags(group)],
            MergeTests.AnonVma =>
            [
                new("Commit in the order of addresses, so that each part touches one that is there already.",
                    RemedyBasis.Measured, "workloads/regions sequential"),
                new("Touch pages only when the whole range has been made accessible.",
                    RemedyBasis.Measured, "workloads/regions random-touchlast"),
                new("Write one page of the whole reservation before it is divided: every part then inherits its "
                    + "anon_vma.", RemedyBasis.Measured, "workloads/regions random-hint"),
            ],
            MergeTests.ForkedChain =>
            [
                new("None for these: a VMA that went through fork keeps its chain. Map anew in the child what it "
                    + "needs.", RemedyBasis.Inferred),
            ],
            MergeTests.PageOffset =>
            [
                new("Memory that was moved by mremap after it was written keeps the offsets of its old place: move it "
                    + "back, or move before writing.", RemedyBasis.Measured, "scenarios/mremap"),
            ],
            MergeTests.Name =>
            [
                new("Give neighbours the same name, or none (PR_SET_VMA_ANON_NAME).", RemedyBasis.Inferred, "", "5.17"),
            ],
            MergeTests.Policy =>
            [
                new("Set one memory policy for the whole range in one call of mbind.", RemedyBasis.Measured,
                    "scenarios/attributes"),
            ],
            _ => [],
        };
    }

    private static IEnumerable<Remedy> ForFlags(ReasonGroup group)
    {
        if (group.Boundaries.Any(boundary => boundary.HasInaccessible))
        {
            yield return new Remedy(
                "Guard markers (madvise MADV_GUARD_INSTALL) in place of PROT_NONE pages: they divide nothing.",
                RemedyBasis.Measured,
                "scenarios/guard",
                "6.13");
        }

        if (group.Boundaries.Any(boundary => (boundary.FlagsApart & (VmaFlags.Account | VmaFlags.NoReserve)) != 0))
        {
            yield return new Remedy(
                "MAP_NORESERVE for all parts or for none; a part that was made writable once stays accounted for.",
                RemedyBasis.Inferred);
        }

        const VmaFlags Advised = VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.DontCopy | VmaFlags.DontDump
            | VmaFlags.WipeOnFork | VmaFlags.HugePage | VmaFlags.NoHugePage | VmaFlags.Mergeable;
        if (group.Boundaries.Any(boundary => (boundary.FlagsApart & Advised) != 0))
        {
            yield return new Remedy(
                "The same madvise for the whole range, in one call.", RemedyBasis.Measured, "scenarios/attributes");
        }

        if (group.Boundaries.Any(boundary => (boundary.FlagsApart & VmaFlags.LockedMask) != 0))
        {
            yield return new Remedy(
                "mlockall, or mlock of the whole range, in place of single pages.", RemedyBasis.Inferred);
        }
    }
}
