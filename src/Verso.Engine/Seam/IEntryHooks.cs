using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps;

/// <summary>A design that keeps something by address: a page moves by mremap, and it follows.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IMovingHooks<TSelf> : IPageHooks<TSelf>
    where TSelf : struct, IMovingHooks<TSelf>
{
    /// <summary>
    /// mremap moves the present entries of <paramref name="source"/> to the same number of slots at
    /// <paramref name="target"/>. Where both name the same slots, their whole table has been hung up at the target's
    /// address; else both runs of slots still hold their old contents.
    /// </summary>
    void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target);

    static void IPageHooks<TSelf>.Moved(
        TSelf hooks, VmaId from, VmaId to, in PteRange source, in PteRange target) =>
        hooks.Moved(from, to, source, target);
}

/// <summary>A design that keeps something for each entry: it is told of every one that comes or goes.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IEntryHooks<TSelf> : IMovingHooks<TSelf>
    where TSelf : struct, IEntryHooks<TSelf>
{
    /// <summary>Present entries were set in the range.</summary>
    void Mapped(VmaId vma, in PteRange range);

    /// <summary>Present entries of the range are about to be cleared.</summary>
    void Unmapped(VmaId vma, in PteRange range, UnmapReason reason);

    /// <summary>
    /// fork copied the present entries of <paramref name="source"/> to <paramref name="target"/>, slot by slot. May
    /// fail with ENOMEM; then it has kept nothing of <paramref name="target"/>.
    /// </summary>
    Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target);

    static void IPageHooks<TSelf>.Mapped(TSelf hooks, VmaId vma, in PteRange range) => hooks.Mapped(vma, range);

    static void IPageHooks<TSelf>.Unmapped(TSelf hooks, VmaId vma, in PteRange range, UnmapReason reason) =>
        hooks.Unmapped(vma, range, reason);

    static Errno IPageHooks<TSelf>.Copied(
        TSelf hooks, VmaId parent, VmaId child, in PteRange source, in PteRange target) =>
        hooks.Copied(parent, child, source, target);
}
