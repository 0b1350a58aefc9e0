namespace Verso.Engine;

/// <summary>
/// What holds of a class of locks: where it is in the order (<see cref="LockClass"/>), and under what it is counted.
/// </summary>
public static class LockOrder
{
    /// <summary>How many classes there are.</summary>
    public const int ClassCount = 16;

    /// <summary>How many kinds acquisitions are counted by: <see cref="CountedLock"/>.</summary>
    public const int CountedCount = 8;

    private const byte ReverseMapLevel = 3;

    /// <summary>By class: how far in. Locks that different designs have in one place are on one level.</summary>
    private static ReadOnlySpan<byte> Levels =>
    [
        0, 1, 2,
        ReverseMapLevel, ReverseMapLevel, ReverseMapLevel, ReverseMapLevel, ReverseMapLevel, ReverseMapLevel,
        ReverseMapLevel, ReverseMapLevel, ReverseMapLevel, ReverseMapLevel,
        4, 5, ReverseMapLevel,
    ];

    /// <summary>
    /// By class: the first of the two counts, or the only one. What stands for the rmap lock is counted as that.
    /// </summary>
    private static ReadOnlySpan<byte> Counts => [0, 2, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 6, 7];

    /// <summary>
    /// Whether a task that holds one lock may take another: further in, or another root of anon_vmas with a greater
    /// handle. The kernel has no order among roots and never holds two; designs that re-home folios must.
    /// </summary>
    public static bool MayTake(LockId held, LockId wanted) =>
        Levels[(int)held.Class] < Levels[(int)wanted.Class]
        || (held.Class == LockClass.AnonVmaRoot && wanted.Class == LockClass.AnonVmaRoot && held.Owner < wanted.Owner);

    /// <summary>Under what an acquisition is counted.</summary>
    public static CountedLock CountedAs(LockClass lockClass, LockMode mode) =>
        lockClass >= LockClass.Page
            ? (CountedLock)Counts[(int)lockClass]
            : (CountedLock)(Counts[(int)lockClass] + (int)mode);
}
