using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would let VMAs become one that differ in their flags.</summary>
internal static class FlagRemedies
{
    private const VmaFlags Advised = VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.DontCopy | VmaFlags.DontDump
        | VmaFlags.WipeOnFork | VmaFlags.HugePage | VmaFlags.NoHugePage | VmaFlags.Mergeable;

    private const VmaFlags Charged = VmaFlags.Account | VmaFlags.NoReserve;

    internal static IReadOnlyList<Remedy> All => [Guards, OneFront, OpenReserve, OneCharge, OneAdvice, OneLock];

    private static Remedy Guards { get; } = new(
        "Guard markers (madvise MADV_GUARD_INSTALL) in place of PROT_NONE pages: they divide nothing.",
        RemedyBasis.Measured,
        "scenarios/guard/basic.txt",
        "6.13");

    private static Remedy OneFront { get; } = new(
        "Commit a reserve from one end: it then has one border, not one around each committed part.",
        RemedyBasis.Measured,
        "scenarios/regions/sequential.txt");

    private static Remedy OpenReserve { get; } = new(
        "Reserve with MAP_NORESERVE, readable and writable, and give memory back with MADV_DONTNEED: no border at all.",
        RemedyBasis.Measured,
        "scenarios/regions/open.txt");

    private static Remedy OneCharge { get; } = new(
        "MAP_NORESERVE for all parts or for none: what was made writable without it stays charged (VM_ACCOUNT).",
        RemedyBasis.Measured,
        "scenarios/attributes/noreserve.txt");

    private static Remedy OneAdvice { get; } = new(
        "The same madvise for the whole range.", RemedyBasis.Measured, "scenarios/attributes/dontdump.txt");

    private static Remedy OneLock { get; } = new(
        "mlock of the whole range, or mlockall, in place of single pages.",
        RemedyBasis.Measured,
        "scenarios/mlock/merge.txt");

    internal static IEnumerable<Remedy> For(IReadOnlyList<Boundary> boundaries)
    {
        if (boundaries.Any(boundary => boundary.InaccessibleBytes is > 0 and <= Remedy.MostGuardBytes))
        {
            yield return Guards;
        }

        if (boundaries.Any(boundary => boundary.InaccessibleBytes > Remedy.MostGuardBytes))
        {
            yield return OneFront;
            yield return OpenReserve;
        }

        if (Differ(boundaries, Charged))
        {
            yield return OneCharge;
        }

        if (Differ(boundaries, Advised))
        {
            yield return OneAdvice;
        }

        if (Differ(boundaries, VmaFlags.LockedMask))
        {
            yield return OneLock;
        }
    }

    private static bool Differ(IReadOnlyList<Boundary> boundaries, VmaFlags flags) =>
        boundaries.Any(boundary => (boundary.FlagsApart & flags) != 0);
}
