namespace Verso.Engine.ReverseMaps;

/// <summary>
/// A page-table-owned design in which each anonymous page names where it belongs (<see cref="Frames.Frame.Mapping"/>,
/// <see cref="Frames.Frame.Index"/>): a walk begins there.
/// </summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface INamingHooks<TSelf> : IPageHooks<TSelf>
    where TSelf : struct, INamingHooks<TSelf>
{
    /// <summary>
    /// A new anonymous folio will be mapped at this address of this VMA (folio_add_new_anon_rmap); it is exclusive.
    /// </summary>
    void Instantiate(Pfn frame, VmaId vma, ulong address);

    /// <summary>
    /// A folio came back from swap and will be mapped at this address first (do_swap_page, __folio_set_anon).
    /// </summary>
    void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing);

    static void IPageHooks<TSelf>.Instantiate(TSelf hooks, Pfn frame, VmaId vma, ulong address) =>
        hooks.Instantiate(frame, vma, address);

    static void IPageHooks<TSelf>.SwappedIn(
        TSelf hooks, Pfn frame, VmaId vma, ulong address, PageSharing sharing) =>
        hooks.SwappedIn(frame, vma, address, sharing);
}

/// <summary>One in which a page that was shared may come to belong to one VMA alone.</summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IAdoptingHooks<TSelf> : INamingHooks<TSelf>
    where TSelf : struct, IAdoptingHooks<TSelf>
{
    /// <summary>The folio, mapped here alone, becomes this VMA's own (folio_move_anon_rmap).</summary>
    void Adopt(Pfn frame, VmaId vma, ulong address);

    static void IPageHooks<TSelf>.Adopt(TSelf hooks, Pfn frame, VmaId vma, ulong address) =>
        hooks.Adopt(frame, vma, address);
}
