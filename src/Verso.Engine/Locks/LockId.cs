namespace Verso.Engine;

/// <summary>One lock of a machine: whose it is.</summary>
/// <param name="Class">What it protects.</param>
/// <param name="Owner">
/// The handle of what it is part of, from 1. Handles of designs' objects are given out again once the object is gone,
/// which <see cref="ILockLog.Gone"/> tells; page tables and frames stay what they are, as their struct page does.
/// </param>
public readonly record struct LockId(LockClass Class, int Owner)
{
    public static LockId Of(MmId mm) => new(LockClass.Mmap, mm.Value);

    public static LockId Of(VmaId vma) => new(LockClass.Vma, vma.Value);

    public static LockId Of(Pfn page) => new(LockClass.Page, page.Value);

    /// <summary>The one of RCU.</summary>
    public static LockId Rcu => new(LockClass.Rcu, 1);

    public override string ToString() => $"{Class} {Owner}";
}
