using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// The half of the seam that is asked for entries and folios: once a range within one leaf page table, or once a fault.
/// </summary>
/// <remarks>
/// <para>
/// A <c>readonly struct</c> whose only fields are references to its <see cref="ReverseMap"/>; a type argument of the
/// machine, so that every design has machine code of its own (docs/decisions/0001).
/// </para>
/// <para>
/// A range may hold file pages, the zero page, guard markers, swap entries and empty entries besides anonymous pages.
/// The hooks are called for file pages too; a design skips what it does not track.
/// </para>
/// </remarks>
public interface IPageHooks
{
    /// <summary>Who knows where an anonymous page is.</summary>
    static abstract PageOwner Owner { get; }

    /// <summary>The other half.</summary>
    ReverseMap Design { get; }

    // ---- Entries: a range within one leaf table ----

    /// <summary>
    /// Allocates what <see cref="Mapped"/> or <see cref="Instantiate"/> will need for up to this many new entries.
    /// </summary>
    Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason);

    /// <summary>
    /// A new anonymous folio will be mapped at this address of this VMA (folio_add_new_anon_rmap); it is exclusive.
    /// </summary>
    void Instantiate(Pfn frame, VmaId vma, ulong address);

    /// <summary>Present entries were set in the range.</summary>
    void Mapped(VmaId vma, in PteRange range);

    /// <summary>Present entries of the range are about to be cleared.</summary>
    void Unmapped(VmaId vma, in PteRange range, UnmapReason reason);

    /// <summary>
    /// fork copied the present entries of <paramref name="source"/> to <paramref name="target"/>, slot by slot.
    /// </summary>
    Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target);

    /// <summary>
    /// mremap moves the present entries of <paramref name="source"/> to the same number of slots at
    /// <paramref name="target"/>. Where both name the same slots, their whole table has been hung up at the target's
    /// address; else both runs of slots still hold their old contents.
    /// </summary>
    void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target);

    // ---- Folio ----

    /// <summary>The folio, mapped here alone, becomes this VMA's own (folio_move_anon_rmap).</summary>
    void Adopt(Pfn frame, VmaId vma, ulong address);

    /// <summary>
    /// Offers every place that may map the folio, until the visitor stops. None that maps it may be missed or offered
    /// twice; some that do not may be offered. Anonymous folios only, unless <see cref="ReverseMap.OwnsFilePages"/>.
    /// </summary>
    void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor;

    /// <summary>The last entry and reference of an anonymous folio are gone.</summary>
    void Release(Pfn frame);

    /// <summary>
    /// A folio came back from swap and will be mapped at this address first (do_swap_page, __folio_set_anon).
    /// Page-table-owned designs only.
    /// </summary>
    void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing);

    /// <summary>
    /// A frame takes the place of another (migration): what the design keeps by frame number moves over. Index,
    /// mapping, flags and map count are the new one's already; no entry is present meanwhile.
    /// </summary>
    void Replace(Pfn old, Pfn fresh);

    // ---- Object-owned designs ----

    /// <summary>
    /// What the object behind a private mapping holds at this address; nothing where the fault must ask the file, or
    /// fill with zeroes. Asked only of object-owned designs, at an empty entry.
    /// </summary>
    FoundPage Find(VmaId vma, ulong address);

    /// <summary>
    /// Whether nobody but this VMA can see the anonymous folio that it maps here, now or by a later fault. Asked only
    /// of object-owned designs.
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
}

/// <summary>What an object holds at one page.</summary>
/// <param name="Frame">The frame; none if there is no page in memory.</param>
/// <param name="Slot">The swap slot, where it is swapped out; else 0.</param>
public readonly record struct FoundPage(Pfn Frame, int Slot = 0);
