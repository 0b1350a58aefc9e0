using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// The half of the seam that is asked for entries and folios: once a range within one leaf page table, or once a fault.
/// Every design has this much; what else one wants to be told, it says by what else it implements: see the table.
/// </summary>
/// <remarks>
/// <para>
/// A <c>readonly struct</c> whose only fields are references to its <see cref="ReverseMap"/>; a type argument of the
/// machine, so that every design has machine code of its own (docs/decisions/0001).
/// </para>
/// <para>
/// <code>
///   the page table alone knows where a page is, and
///     a page names an object of the design          INamingHooks
///     ... and may come to name another              IAdoptingHooks
///   a memory object holds pages                     IObjectHooks
///   besides, each design as it needs it
///     entries are listed one by one                 IEntryHooks
///     something is kept by address                  IMovingHooks
///     something is kept by frame number             IReplacingHooks, IReleasingHooks
///     something must exist before an entry does     IReservingHooks
/// </code>
/// </para>
/// <para>
/// A range may hold file pages, the zero page, guard markers, swap entries and empty entries besides anonymous pages.
/// The hooks are called for file pages too; a design skips what it does not track.
/// </para>
/// <para>
/// The machine calls the static members below, and they are what a hook that a design has not does: nothing. An
/// interface that a design implements puts its own hook in their place. The compiler settles which for every type of
/// hooks, so a hook that is not there leaves no code; and they are static because an instance member with a default
/// would box the struct (docs/decisions/0015).
/// </para>
/// </remarks>
/// <typeparam name="TSelf">The struct that implements it.</typeparam>
public interface IPageHooks<TSelf>
    where TSelf : struct, IPageHooks<TSelf>
{
    /// <summary>The other half.</summary>
    ReverseMap Design { get; }

    /// <summary>
    /// Offers every place that may map the pages, until the visitor stops. None that maps one may be missed or offered
    /// twice; some that do not may be offered. Anonymous pages only, unless <see cref="ReverseMap.OwnsFilePages"/>.
    /// While a folio migrates, the entries that map it are migration entries (<see cref="Pte.IsMigration"/>).
    /// </summary>
    void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor;

    internal static virtual PageOwner Owner => PageOwner.PageTable;

    internal static virtual Errno Reserve(TSelf hooks, VmaId vma, in PteRange range, ReserveReason reason) =>
        Errno.None;

    internal static virtual void Instantiate(TSelf hooks, Pfn frame, VmaId vma, ulong address)
    {
    }

    internal static virtual void Mapped(TSelf hooks, VmaId vma, in PteRange range)
    {
    }

    internal static virtual void Unmapped(TSelf hooks, VmaId vma, in PteRange range, UnmapReason reason)
    {
    }

    internal static virtual Errno Copied(
        TSelf hooks, VmaId parent, VmaId child, in PteRange source, in PteRange target) => Errno.None;

    internal static virtual void Moved(TSelf hooks, VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
    }

    internal static virtual void Adopt(TSelf hooks, Pfn frame, VmaId vma, ulong address)
    {
    }

    internal static virtual void Release(TSelf hooks, Pfn frame)
    {
    }

    internal static virtual void Replace(TSelf hooks, Pfn old, Pfn fresh)
    {
    }

    internal static virtual void SwappedIn(TSelf hooks, Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
    }

    internal static virtual FoundPage Find(TSelf hooks, VmaId vma, ulong address) => default;

    internal static virtual bool IsSole(TSelf hooks, Pfn frame, VmaId vma, ulong address) => false;

    internal static virtual void SwappedOut(TSelf hooks, Pfn frame, int slot)
    {
    }

    internal static virtual void Refilled(TSelf hooks, VmaId vma, ulong address, Pfn frame)
    {
    }
}
