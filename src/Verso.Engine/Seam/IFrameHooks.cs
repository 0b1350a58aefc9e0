using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps;

/// <summary>A design that allocates for entries.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IReservingHooks<TSelf> : IPageHooks<TSelf>
    where TSelf : struct, IReservingHooks<TSelf>
{
    /// <summary>
    /// Allocates whatever must exist before up to this many new entries do: no hook that follows may fail. May fail
    /// with ENOMEM.
    /// </summary>
    Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason);

    static Errno IPageHooks<TSelf>.Reserve(TSelf hooks, VmaId vma, in PteRange range, ReserveReason reason) =>
        hooks.Reserve(vma, range, reason);
}

/// <summary>A design that keeps something by frame number.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IReplacingHooks<TSelf> : IPageHooks<TSelf>
    where TSelf : struct, IReplacingHooks<TSelf>
{
    /// <summary>
    /// A frame takes the place of another (migration): what the design keeps by frame number moves over. Index,
    /// mapping, flags and map count are the new one's already; no entry is present meanwhile.
    /// </summary>
    void Replace(Pfn old, Pfn fresh);

    static void IPageHooks<TSelf>.Replace(TSelf hooks, Pfn old, Pfn fresh) => hooks.Replace(old, fresh);
}

/// <summary>A design in which a page holds something: a reference, or the head of a list.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IReleasingHooks<TSelf> : IPageHooks<TSelf>
    where TSelf : struct, IReleasingHooks<TSelf>
{
    /// <summary>The last entry and reference of an anonymous folio are gone.</summary>
    void Release(Pfn frame);

    static void IPageHooks<TSelf>.Release(TSelf hooks, Pfn frame) => hooks.Release(frame);
}
