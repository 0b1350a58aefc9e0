using Verso.Engine.Images;
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
        Guards, OneFront, OpenReserve, OneReserve, NoCharge, OneAdvice, OneLock, OneSeal, OneKey, ReadableCode,
        ExecuteOnlyApart, OneRegistration, OneArena, TwoViews, OneProtection,
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

    private static Remedy OneSeal { get; } = new(
        "Seal the whole range in one call of mseal, or none of it: a seal cannot be undone.",
        RemedyBasis.Measured,
        "scenarios/seal/part.txt",
        "6.10")
    {
        Lift = Of(VmaFlags.Sealed),
    };

    private static Remedy OneKey { get; } = new(
        "One protection key for the whole range (pkey_mprotect), and rights that change in the register (pkey_set).",
        RemedyBasis.Inferred)
    {
        Lift = Of(VmaFlags.Pkey | Protected) with { Applies = static pair => !pair.IsOfExecuteOnly },
    };

    private static Remedy ReadableCode { get; } = new(
        "Allow code to be read too (PROT_READ | PROT_EXEC): memory that may only be executed gets a protection key of "
        + "the kernel's own.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c readable-code")
    {
        Lift = Of(VmaFlags.Pkey | VmaFlags.Access) with { Applies = static pair => IsBesideReadableCode(pair) },
    };

    private static Remedy ExecuteOnlyApart { get; } = new(
        "Keep execute-only memory (PROT_EXEC alone) together, in one mapping: it gets a protection key of the kernel's "
        + "own.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c execute-only-apart")
    {
        Lift = Of(VmaFlags.Pkey | Protected) with
        {
            Applies = static pair => pair.IsOfExecuteOnly && !IsBesideReadableCode(pair),
            Staying = static _ => 2,
        },
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
            Staying = CountUnregistered,
        },
    };

    private static Remedy OneArena { get; } = new(
        "Code that is generated: one protection for the whole arena, changed in one call where it changes.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/jit-arena.c never")
    {
        Lift = Of(Protected | VmaFlags.Pkey) with
        {
            Applies = static pair => IsOfAccess(pair) && IsOfCode(pair),
            Staying = RowEdges.CountStaying,
        },
    };

    private static Remedy TwoViews { get; } = new(
        "Code that is generated: a memfd mapped twice, once to write and once to execute, each in one call.",
        RemedyBasis.Measured,
        "tests/Verso.Lab.Tests/Programs/divided.c two-views")
    {
        Lift = OneArena.Lift! with { Staying = static row => 1 + RowEdges.CountStaying(row) },
    };

    private static Remedy OneProtection { get; } = new(
        "Keep what gets another protection together, in a mapping of its own (not in [heap], nor in memory of malloc).",
        RemedyBasis.Measured,
        "scenarios/regions/apart.txt")
    {
        Lift = Of(Protected) with { Applies = static pair => !IsOfCode(pair), Staying = static _ => 2 },
    };

    private static IEnumerable<(Remedy Remedy, Func<Boundary, bool> IsFor)> Cases =>
    [
        (Guards, static pair => Is(pair, InaccessibleUse.Guard) && !IsLocked(pair)),
        (OneFront, static pair => Is(pair, InaccessibleUse.Reserve)),
        (OpenReserve, static pair => Is(pair, InaccessibleUse.Reserve)),
        (OneReserve, static pair => HasOneAccess(pair) && DifferIn(pair, VmaFlags.NoReserve)),
        (NoCharge, static pair => HasOneAccess(pair)
            && DifferIn(pair, VmaFlags.Account) && !DifferIn(pair, VmaFlags.NoReserve)),
        (OneAdvice, static pair => DifferIn(pair, Advised)),
        (OneLock, static pair => DifferIn(pair, VmaFlags.LockedMask)),
        (OneSeal, static pair => DifferIn(pair, VmaFlags.Sealed)),
        (OneKey, static pair => DifferIn(pair, VmaFlags.Pkey) && !pair.IsOfExecuteOnly),
        AsLifted(ReadableCode),
        AsLifted(ExecuteOnlyApart),
        AsLifted(OneRegistration),
        (FileRemedies.OneProtection, static pair => IsOfAccess(pair) && FileRemedies.IsOneView(pair)),
        (FileRemedies.EachView, static pair => IsOfAccess(pair) && FileRemedies.AreTwoViews(pair)),
        AsLifted(OneArena),
        AsLifted(TwoViews),
        (OneProtection, static pair => IsOfAccess(pair) && pair.IsAnonymous && !IsOfCode(pair)),
    ];

    private static (Remedy Remedy, Func<Boundary, bool> IsFor) AsLifted(Remedy remedy) =>
        (remedy, remedy.Lift!.Applies);

    /// <summary>Those that some of these pairs have a use for.</summary>
    internal static IEnumerable<Remedy> For(IReadOnlyList<Boundary> boundaries) =>
        Cases.Where(each => boundaries.Any(each.IsFor)).Select(each => each.Remedy);

    /// <summary>Which pairs a remedy is for; null if it is none of these.</summary>
    internal static Func<Boundary, bool>? CaseOf(Remedy remedy) =>
        Cases.FirstOrDefault(each => each.Remedy == remedy).IsFor;

    private static Lift Of(VmaFlags flags) => new(MergeTests.Flags) { Flags = flags };

    // What allows no access is charged for nothing, and what lay there would be like its neighbours.
    private static Lift Absorbing(InaccessibleUse use) =>
        new(MergeTests.Flags) { Flags = VmaFlags.None, Uses = use };

    private static bool Is(Boundary boundary, InaccessibleUse use) => (boundary.Inaccessible & use) != 0;

    private static bool DifferIn(Boundary boundary, VmaFlags flags) => (boundary.FlagsApart & flags) != 0;

    // What allows no access is not charged: that part of a difference is none of its own.
    private static bool HasOneAccess(Boundary boundary) => !DifferIn(boundary, VmaFlags.Access);

    // Keys come with a protection of their own, but for the kernel's, which comes with a protection.
    private static bool IsOfAccess(Boundary boundary) => DifferIn(boundary, VmaFlags.Access)
        && boundary.Inaccessible == InaccessibleUse.None
        && (boundary.IsOfExecuteOnly || !DifferIn(boundary, VmaFlags.Pkey));

    private static bool IsBesideReadableCode(Boundary boundary) => boundary.IsOfExecuteOnly
        && ((boundary.Lower.Flags | boundary.Upper.Flags) & VmaFlags.Access) == (VmaFlags.Read | VmaFlags.Exec);

    // What is not registered at an end of the row may be something else.
    private static int CountUnregistered(IReadOnlyList<VmaImage> row)
    {
        int[] ends = [0, row.Count - 1];
        return 1 + ends.Count(end => (row[end].Flags & VmaFlags.Userfault) == 0 && RowEdges.IsStranger(row, end));
    }

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
