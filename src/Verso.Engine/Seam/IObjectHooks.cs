namespace Verso.Engine.ReverseMaps;

/// <summary>
/// A design whose memory objects hold the pages; the page table is a cache of them. It is one or the other: a struct
/// that implements <see cref="INamingHooks{TSelf}"/> too does not compile.
/// </summary>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IObjectHooks<TSelf> : IReservingHooks<TSelf>, IReplacingHooks<TSelf>
    where TSelf : struct, IObjectHooks<TSelf>
{
    /// <summary>
    /// A new anonymous folio will be mapped at this address of this VMA: the object behind it holds it from now on.
    /// </summary>
    void Instantiate(Pfn frame, VmaId vma, ulong address);

    /// <summary>
    /// What the object behind a private mapping holds at this address; nothing where the fault must ask the file, or
    /// fill with zeroes. Asked at an empty entry.
    /// </summary>
    FoundPage Find(VmaId vma, ulong address);

    /// <summary>
    /// Whether nobody but this VMA can see the anonymous folio that it maps here, now or by a later fault.
    /// </summary>
    bool IsSole(Pfn frame, VmaId vma, ulong address);

    /// <summary>
    /// The page of this frame, mapped nowhere any more, is in this swap slot from now on; the object gives its frame
    /// up. The object has one reference to the slot, and releases it by <see cref="Swap.SwapTable.Release"/> when the
    /// page goes.
    /// </summary>
    void SwappedOut(Pfn frame, int slot);

    /// <summary>
    /// The page that <see cref="Find"/> found in a slot here is in this frame from now on. The machine releases the
    /// slot.
    /// </summary>
    void Refilled(VmaId vma, ulong address, Pfn frame);

    static PageOwner IPageHooks<TSelf>.Owner => PageOwner.Object;

    static void IPageHooks<TSelf>.Instantiate(TSelf hooks, Pfn frame, VmaId vma, ulong address) =>
        hooks.Instantiate(frame, vma, address);

    static FoundPage IPageHooks<TSelf>.Find(TSelf hooks, VmaId vma, ulong address) => hooks.Find(vma, address);

    static bool IPageHooks<TSelf>.IsSole(TSelf hooks, Pfn frame, VmaId vma, ulong address) =>
        hooks.IsSole(frame, vma, address);

    static void IPageHooks<TSelf>.SwappedOut(TSelf hooks, Pfn frame, int slot) => hooks.SwappedOut(frame, slot);

    static void IPageHooks<TSelf>.Refilled(TSelf hooks, VmaId vma, ulong address, Pfn frame) =>
        hooks.Refilled(vma, address, frame);
}

/// <summary>What an object holds at one page.</summary>
/// <param name="Frame">The frame; none if there is no page in memory.</param>
/// <param name="Slot">The swap slot, where it is swapped out; else 0.</param>
public readonly record struct FoundPage(Pfn Frame, int Slot = 0);
