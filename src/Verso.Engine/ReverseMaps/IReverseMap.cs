using Verso.Engine.Images;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// The seam: everything that a reverse-map design does differently from another. The machine never asks which design it
/// has.
/// </summary>
/// <remarks>
/// <para>
/// A design is a <c>readonly struct</c> whose only fields are references, so that a boxed copy is the same design: the
/// machine calls the structure hooks through the interface, once an operation, and the entry and folio hooks through
/// the type argument, once a leaf page table (see docs/decisions/0001).
/// </para>
/// <para>
/// Hooks that return <see cref="Errno"/> may allocate and fail with ENOMEM; then they must have changed nothing that a
/// later <see cref="Drop"/> does not undo. No other hook may allocate kernel objects.
/// </para>
/// <para>
/// A range may hold file pages, the zero page, guard markers and empty entries besides anonymous pages. The entry
/// hooks are called for file pages too; a design skips what it does not track.
/// </para>
/// </remarks>
public interface IReverseMap
{
    /// <summary>What is fixed about this design.</summary>
    static abstract DesignFacts Facts { get; }

    /// <summary>
    /// Whether <see cref="Walk"/> finds file pages too; else the machine walks the file's own list of mappings.
    /// Known after
    /// <see cref="Start"/>.
    /// </summary>
    bool OwnsFilePages { get; }

    /// <summary>
    /// Called once, before anything else. Throws <see cref="ArgumentException"/> on an unknown option.
    /// </summary>
    void Start(World world);

    // ---- Structure: under the mmap write lock ----

    /// <summary>A new address space; <paramref name="parent"/> is none after exec.</summary>
    Errno BeginMm(Mm mm, MmId parent);

    /// <summary>The address space is gone; all its VMAs have been dropped.</summary>
    void EndMm(Mm mm);

    /// <summary>The page offset of a fresh anonymous mapping at this byte address (Linux: address >> 12).</summary>
    ulong Place(Mm mm, ulong address);

    /// <summary>The anon_vma and page offset tests of a merge, and only these.</summary>
    MergeTests CanJoin(in JoinCandidate candidate);

    /// <summary>
    /// Both neighbours of a range may absorb it; may they end in one VMA together? (can_vma_merge_right)
    /// </summary>
    MergeTests CanBridge(VmaId left, VmaId right);

    /// <summary>Bounds or pgoff of a VMA are about to change: take it out of structures that sort by them.</summary>
    void Adjusting(VmaId vma);

    /// <summary>They have changed: put it back.</summary>
    void Adjusted(VmaId vma);

    /// <summary>
    /// A VMA was divided: <paramref name="fresh"/> has its bounds and takes over part of <paramref name="source"/>'s
    /// range (anon_vma_clone in __split_vma). Bounds of the source still cover both.
    /// </summary>
    Errno Split(VmaId source, VmaId fresh);

    /// <summary>
    /// <paramref name="target"/> will absorb a range that carries the anonymous state of <paramref name="source"/>
    /// (dup_anon_vma). Called before bounds change; the source is dropped later by <see cref="Drop"/> if it goes.
    /// </summary>
    Errno Join(VmaId target, VmaId source);

    /// <summary>
    /// mremap made <paramref name="copy"/> at another address, to receive the pages of <paramref name="source"/>.
    /// </summary>
    Errno Copy(VmaId source, VmaId copy);

    /// <summary>The VMA lets go of everything (unlink_anon_vmas). Its pages are already unmapped or moved.</summary>
    void Drop(VmaId vma);

    /// <summary>
    /// fork made <paramref name="child"/> from <paramref name="parent"/>; called for each VMA that is inherited.
    /// </summary>
    Errno Fork(VmaId parent, VmaId child);

    /// <summary>
    /// A private page will be put into this VMA: whatever must exist first (__anon_vma_prepare). No-op if it exists.
    /// </summary>
    /// <param name="vma">The VMA.</param>
    /// <param name="logged">What a recording saw, where it saw it: decides races; else Derive.</param>
    /// <param name="outcome">What was done; Derive if there was nothing to do.</param>
    Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome);

    // ---- Entries: a range within one leaf table ----

    /// <summary>
    /// Allocates what <see cref="Mapped"/> or <see cref="Copied"/> will need for up to this many new entries of
    /// these frames.
    /// </summary>
    Errno Reserve(VmaId vma, in PteRange range);

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

    /// <summary>The folio, mapped here alone, becomes this VMA's own (folio_move_anon_rmap).</summary>
    void Adopt(Pfn frame, VmaId vma, ulong address);

    // ---- Folio ----

    /// <summary>
    /// Offers every place that may map the anonymous folio, until the visitor stops. None that maps it may be missed
    /// or offered twice; some that do not may be offered.
    /// </summary>
    void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor;

    /// <summary>The last entry and reference of an anonymous folio are gone.</summary>
    void Release(Pfn frame);

    // ---- Service ----

    /// <summary>Checks the design's own invariants; reports the first violation as text, or null.</summary>
    string? Audit();

    /// <summary>
    /// Takes over the state of an image (exec, attach). <paramref name="vmas"/> are the VMAs made from
    /// <c>image.Vmas</c>, in the same order.
    /// </summary>
    Errno Load(MmImage image, ReadOnlySpan<VmaId> vmas);

    /// <summary>
    /// The anon_vma graph as seen from this VMA, for comparison with a kernel; null if the design has no such thing.
    /// </summary>
    AnonVmaView? View(VmaId vma);
}

/// <summary>What a design says of itself in the catalogue.</summary>
/// <param name="Name">As given to --designs.</param>
/// <param name="Summary">One line.</param>
/// <param name="Source">The mail or commit it comes from.</param>
/// <param name="Owner">Who knows where a page is.</param>
public sealed record DesignFacts(string Name, string Summary, string Source, PageOwner Owner);

/// <summary>Who knows where an anonymous page is.</summary>
public enum PageOwner
{
    /// <summary>The page table alone; fork copies entries.</summary>
    PageTable = 0,

    /// <summary>A memory object; the page table is a cache of it.</summary>
    Object = 1,
}

/// <summary>Why entries go away.</summary>
public enum UnmapReason
{
    Munmap = 0,

    /// <summary>MADV_DONTNEED, MADV_FREE and their like.</summary>
    Discard = 1,

    /// <summary>A copy takes its place.</summary>
    CopyOnWrite = 2,
    Reclaim = 3,
    Exit = 4,

    /// <summary>The file was truncated or a hole was punched.</summary>
    Truncate = 5,
}

/// <summary>Receives the candidates of a walk.</summary>
public interface IWalkVisitor
{
    /// <summary>This page of this address space may map the folio. Returns whether the walk goes on.</summary>
    WalkStep Visit(MmId mm, ulong address);

    /// <summary>
    /// So many candidates were looked at that the design could tell by itself not to map the folio: useless visits,
    /// counted but not offered.
    /// </summary>
    void Dismiss(int count);
}

/// <summary>Whether a walk goes on.</summary>
public enum WalkStep
{
    Continue = 0,
    Stop = 1,
}

/// <summary>
/// The anonymous reverse map of one VMA in the terms of Linux. Ids are unique within a machine and never 0.
/// </summary>
/// <param name="AnonVma"><c>vma->anon_vma</c>; 0 where NULL.</param>
/// <param name="Chain">Its chain, newest first.</param>
/// <param name="Nodes">Every anon_vma of the chain with its counts, and their parents.</param>
public sealed record AnonVmaView(ulong AnonVma, IReadOnlyList<ulong> Chain, IReadOnlyList<AnonVmaImage> Nodes);
