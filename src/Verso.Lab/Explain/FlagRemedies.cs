using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would let VMAs become one that differ in their flags.</summary>
internal static class FlagRemedies
{
    private const VmaFlags Advised = VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.DontCopy | VmaFlags.DontDump
        | VmaFlags.WipeOnFork | VmaFlags.HugePage | VmaFlags.NoHugePage | VmaFlags.Mergeable;

    internal static IReadOnlyList<Remedy> All =>
        [Guards, OneFront, OpenReserve, OneReserve, NoCharge, OneAdvice, OneLock];

    private static Remedy Guards { get; } = new(
        "Guard markers (madvise MADV_GUARD_INSTALL) in place of PROT_NONE pages: they divide nothing.",
        RemedyBasis.Measured,
        "scenarios/guard/in-place.txt",
        "6.13");

    private static Remedy OneFront { get; } = new(
        "Commit a reserve from one end: it then has one border, not one around each committed part.",
        RemedyBasis.Measured,
        "scenarios/regions/from-one-end.txt");

    private static Remedy OpenReserve { get; } = new(
        "Reserve with MAP_NORESERVE, readable and writable, and give memory back with MADV_DONTNEED: no border at all. "
        + "Not with vm.overcommit_memory=2, which ignores MAP_NORESERVE: all of the reserve would be charged.",
        RemedyBasis.Measured,
        "scenarios/regions/open.txt");

    private static Remedy OneReserve { get; } = new(
        "MAP_NORESERVE for all parts or for none.", RemedyBasis.Measured, "scenarios/attributes/noreserve-all.txt");

    private static Remedy NoCharge { get; } = new(
        "MAP_NORESERVE for all parts: what was writable without it stays charged (VM_ACCOUNT). Not with "
        + "vm.overcommit_memory=2, which ignores it.",
        RemedyBasis.Measured,
        "scenarios/attributes/charged.txt");

    private static Remedy OneAdvice { get; } = new(
        "The same madvise for the whole range.", RemedyBasis.Measured, "scenarios/attributes/dontdump-whole.txt");

    private static Remedy OneLock { get; } = new(
        "mlock of the whole range, or mlockall, in place of single pages.",
        RemedyBasis.Measured,
        "scenarios/mlock/merge.txt");

    internal static IEnumerable<Remedy> For(IReadOnlyList<Boundary> boundaries)
    {
        if (boundaries.Any(boundary =>
            boundary.InaccessibleBytes is > 0 and <= Remedy.MostGuardBytes && !IsLocked(boundary)))
        {
            yield return Guards;
        }

        if (boundaries.Any(boundary => boundary.InaccessibleBytes > Remedy.MostGuardBytes))
        {
            yield return OneFront;
            yield return OpenReserve;
        }

        if (boundaries.Any(boundary => HasOneAccess(boundary) && DifferIn(boundary, VmaFlags.NoReserve)))
        {
            yield return OneReserve;
        }

        if (boundaries.Any(boundary => HasOneAccess(boundary)
            && DifferIn(boundary, VmaFlags.Account) && !DifferIn(boundary, VmaFlags.NoReserve)))
        {
            yield return NoCharge;
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
        boundaries.Any(boundary => DifferIn(boundary, flags));

    private static bool DifferIn(Boundary boundary, VmaFlags flags) => (boundary.FlagsApart & flags) != 0;

    // What allows no access is not charged: that part of a difference is none of its own.
    private static bool HasOneAccess(Boundary boundary) => !DifferIn(boundary, VmaFlags.Access);

    // Locked memory takes no guard markers (EINVAL).
    private static bool IsLocked(Boundary boundary) =>
        ((boundary.Lower.Flags | boundary.Upper.Flags) & VmaFlags.LockedMask) != 0;
}
