using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What would let VMAs become one that differ in their flags.</summary>
internal static class FlagRemedies
{
    private const VmaFlags Advised = VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.DontCopy | VmaFlags.DontDump
        | VmaFlags.WipeOnFork | VmaFlags.HugePage | VmaFlags.NoHugePage | VmaFlags.Mergeable;

    /// <summary>What mprotect changes.</summary>
    private const VmaFlags Protected = VmaFlags.Access | VmaFlags.Account;

    internal static IReadOnlyList<Remedy> All =>
    [
        Guards, OneFront, OpenReserve, OneReserve, NoCharge, OneAdvice, OneLock, OneKey, OneRegistration,
        OneArena, OneProtection,
    ];

    /// <summary>Those that cannot be had together, and why.</summary>
    internal static IReadOnlyList<Exclusion> Exclusions =>
    [
        new(Guards, OneLock, "locked memory takes no guard markers (EINVAL)", "scenarios/guard/mlock.txt"),
        new(OpenReserve, OneLock, "MADV_DONTNEED of locked memory fails (EINVAL)", "scenarios/mlock/dontneed.txt"),
    ];

    private static Remedy Guards { get; } = new(
        "Guard markers (madvise MADV_GUARD_INSTALL) in place of PROT_NONE pages: they divide nothing.",
        RemedyBasis.Measured,
        "scenarios/guard/in-place.txt",
        "6.13")
    {
        Lift = Absorbing(InaccessibleUse.Guard),
    };

    private static Remedy OneFront { get; } = new(
        "Commit a reserve from one end: it then has one border, not one around each committed part.",
        RemedyBasis.Measured,
        "scenarios/regions/from-one-end.txt")
    {
        Lift = Absorbing(InaccessibleUse.Reserve) with { Staying = static _ => 2 },
    };

    private static Remedy OpenReserve { get; } = new(
        "Reserve with MAP_NORESERVE, readable and writable, and give memory back with MADV_DONTNEED: no border at all. "
        + "Not with vm.overcommit_memory=2, which ignores MAP_NORESERVE: all of the reserve would be charged.",
        RemedyBasis.Measured,
        "scenarios/regions/open.txt")
    {
        Lift = Absorbing(InaccessibleUse.Reserve),
    };

    private static Remedy OneReserve { get; } = new(
        "MAP_NORESERVE for all parts or for none.", RemedyBasis.Measured, "scenarios/attributes/noreserve-all.txt")
    {
        Lift = Of(VmaFlags.NoReserve | VmaFlags.Account),
    };

    private static Remedy NoCharge { get; } = new(
        "MAP_NORESERVE for all parts: what was writable without it stays charged (VM_ACCOUNT). Not with "
        + "vm.overcommit_memory=2, which ignores it.",
        RemedyBasis.Measured,
        "scenarios/attributes/charged.txt")
    {
        Lift = Of(VmaFlags.Account),
    };

    private static Remedy OneAdvice { get; } = new(
        "The same madvise for the whole range.", RemedyBasis.Measured, "scenarios/attributes/dontdump-whole.txt")
    {
        Lift = Of(Advised),
    };

    private static Remedy OneLock { get; } = new(
        "mlock of the whole range, or mlockall, in place of single pages.",
        RemedyBasis.Measured,
        "scenarios/mlock/merge.txt")
    {
        Lift = Of(VmaFlags.LockedMask),
    };

    private static Remedy OneKey { get; } = new(
        "One protection key for the whole range (pkey_mprotect), and rights that change in the register (pkey_set).",
        RemedyBasis.Inferred)
    {
        Lift = Of(VmaFlags.Pkey | Protected),
    };

    private static Remedy OneRegistration { get; } = new(
        "Register the whole range with the userfaultfd, in the same modes.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/uffd-regions.c never")
    {
        Lift = new Lift(MergeTests.Flags | MergeTests.Userfaultfd)
        {
            Flags = VmaFlags.Userfault,
            Applies = static pair => DifferIn(pair, VmaFlags.Userfault),
            Staying = static _ => 2,
        },
    };

    private static Remedy OneArena { get; } = new(
        "Code that is generated: one protection for the whole arena, or a memfd mapped twice, once to write and once "
        + "to execute, each in one call.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/jit-arena.c never")
    {
        Lift = Of(Protected) with { Applies = static pair => IsOfCode(pair), Staying = static _ => 2 },
    };

    private static Remedy OneProtection { get; } = new(
        "Keep what gets another protection together, in a mapping of its own (not in [heap], nor in memory of malloc).",
        RemedyBasis.Measured,
        "scenarios/regions/apart.txt")
    {
        Lift = Of(Protected) with { Applies = static pair => !IsOfCode(pair), Staying = static _ => 2 },
    };

    internal static IEnumerable<Remedy> For(IReadOnlyList<Boundary> boundaries)
    {
        if (boundaries.Any(boundary => Is(boundary, InaccessibleUse.Guard) && !IsLocked(boundary)))
        {
            yield return Guards;
        }

        if (boundaries.Any(boundary => Is(boundary, InaccessibleUse.Reserve)))
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

        if (Differ(boundaries, VmaFlags.Pkey))
        {
            yield return OneKey;
        }

        if (Differ(boundaries, VmaFlags.Userfault))
        {
            yield return OneRegistration;
        }

        Boundary[] ofAccess = [.. boundaries.Where(IsOfAccess)];
        if (ofAccess.Any(FileRemedies.EachView.Lift!.Applies))
        {
            yield return FileRemedies.EachView;
        }

        if (ofAccess.Any(IsOfCode))
        {
            yield return OneArena;
        }

        if (ofAccess.Any(boundary => boundary.IsAnonymous && !IsOfCode(boundary)))
        {
            yield return OneProtection;
        }
    }

    private static Lift Of(VmaFlags flags) => new(MergeTests.Flags) { Flags = flags };

    // What allows no access is charged for nothing, and what lay there would be like its neighbours.
    private static Lift Absorbing(InaccessibleUse use) =>
        new(MergeTests.Flags) { Flags = VmaFlags.None, Uses = use };

    private static bool Is(Boundary boundary, InaccessibleUse use) => (boundary.Inaccessible & use) != 0;

    private static bool Differ(IReadOnlyList<Boundary> boundaries, VmaFlags flags) =>
        boundaries.Any(boundary => DifferIn(boundary, flags));

    private static bool DifferIn(Boundary boundary, VmaFlags flags) => (boundary.FlagsApart & flags) != 0;

    // What allows no access is not charged: that part of a difference is none of its own.
    private static bool HasOneAccess(Boundary boundary) => !DifferIn(boundary, VmaFlags.Access);

    // Keys come with a protection of their own.
    private static bool IsOfAccess(Boundary boundary) => DifferIn(boundary, VmaFlags.Access)
        && boundary.Inaccessible == InaccessibleUse.None && !DifferIn(boundary, VmaFlags.Pkey);

    private static bool IsOfCode(Boundary boundary) =>
        boundary.IsAnonymous && DifferIn(boundary, VmaFlags.Exec);

    // Locked memory takes no guard markers (EINVAL).
    private static bool IsLocked(Boundary boundary) =>
        ((boundary.Lower.Flags | boundary.Upper.Flags) & VmaFlags.LockedMask) != 0;
}

/// <summary>Two remedies that cannot be had together.</summary>
/// <param name="One">The one.</param>
/// <param name="Other">The other.</param>
/// <param name="Why">What the kernel does with both.</param>
/// <param name="Shown">Where that is shown: a scenario of this repository.</param>
public sealed record Exclusion(Remedy One, Remedy Other, string Why, string Shown);
