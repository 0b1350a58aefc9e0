using Verso.Engine.Objects;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// What the operations on VMAs need done to pages. Implemented once a design, in Machine<TPages>.
public abstract partial class Machine
{
    /// <summary>
    /// An access by a task (handle_mm_fault and the architecture's part before it, stack growth included).
    /// </summary>
    /// <param name="mm">The address space.</param>
    /// <param name="address">A byte address.</param>
    /// <param name="access">What it wants.</param>
    /// <param name="logged">How a recorded anon_vma preparation ended, where the log saw it.</param>
    public abstract FaultOutcome Fault(
        MmId mm, ulong address, FaultAccess access, PrepareOutcome logged = PrepareOutcome.Derive);

    /// <summary>
    /// Populates a range as GUP does (mm_populate): every page accessed once. EFAULT or ENOMEM where it stops.
    /// </summary>
    public abstract Errno Populate(MmId mm, ulong start, ulong length, FaultAccess access);

    /// <summary>Reads one byte as a user access would. Requires: <see cref="PageContents.Bytes"/>.</summary>
    public abstract FaultOutcome ReadByte(MmId mm, ulong address, out byte value);

    /// <summary>Writes one byte as a user access would. Requires: <see cref="PageContents.Bytes"/>.</summary>
    public abstract FaultOutcome WriteByte(MmId mm, ulong address, byte value);

    /// <summary>Walks the reverse map of the folio mapped at this address to its end, and counts.</summary>
    public abstract WalkResult Walk(MmId mm, ulong address, WalkPurpose purpose = WalkPurpose.Probe);

    /// <summary>
    /// Checks S2 for every frame: each walk yields exactly the entries that map it. Reports the first difference as
    /// text, or null.
    /// </summary>
    public abstract string? VerifyWalks();

    /// <summary>
    /// Reclaims the anonymous folio mapped at this address: walks, puts swap entries in place of all that map it, and
    /// frees it. EFAULT where nothing is mapped, EINVAL for a page of a file, EBUSY where it is locked in memory or the
    /// walk missed an entry, ENOMEM without a slot.
    /// </summary>
    public abstract Errno SwapOut(MmId mm, ulong address);

    /// <summary>
    /// Moves the anonymous folio mapped at this address to another frame: two walks, one that puts migration entries
    /// and one that takes them away. EFAULT, EINVAL, EBUSY as <see cref="SwapOut"/> (locked pages move), ENOMEM.
    /// </summary>
    public abstract Errno Migrate(MmId mm, ulong address);

    /// <summary>
    /// retract_page_tables: the 512 pages of a file from this page offset on, a multiple of 512, have been collapsed;
    /// each mapping's leaf table for just them goes, and faults bring the pages back, unless the design or guard
    /// markers want it kept.
    /// </summary>
    public abstract RetractOutcome RetractTables(FileId file, ulong pgoff);

    /// <summary>
    /// The ioctls of a userfaultfd that fill pages. EINVAL (unaligned, empty, memory or context that does not fit),
    /// ENOENT (nothing mapped, not watched, across a VMA's end; of Move a hole), EEXIST, EFAULT (beyond the end of a
    /// file, of Continue no page, of Move a guard marker), EBUSY (of Move a page that is not its owner's alone),
    /// ENOMEM, EAGAIN after some pages. Write protection and poison are not done to entries.
    /// </summary>
    public abstract SyscallResult FillUserfault(MmId mmId, in UserfaultFill fill);

    /// <summary>What the page table holds at this address.</summary>
    public abstract PageView PageAt(MmId mm, ulong address);

    /// <summary>
    /// What an access to this address would meet: what the page table holds, and where that is nothing, the page of the
    /// memory object behind it, in memory (<see cref="PagePresence.Held"/>) or in swap. Changes nothing but counts of
    /// look-ups.
    /// </summary>
    public abstract PageView SeenAt(MmId mm, ulong address);

    /// <summary>
    /// Drops what the page tables hold for the private mappings of [start, start + length), guard markers and locked
    /// memory apart; faults bring it back from the memory objects. EOPNOTSUPP where no object knows where a page is
    /// (<see cref="ReverseMaps.PageOwner.PageTable"/>), EINVAL (unaligned, outside).
    /// </summary>
    /// <param name="mm">The address space.</param>
    /// <param name="start">First byte; page aligned.</param>
    /// <param name="length">Bytes; rounded up to whole pages.</param>
    public abstract SyscallResult DropTables(MmId mm, ulong start, ulong length);

    /// <summary>
    /// unmap_page_range: clears the entries of [start, end) of this VMA and lets go of what they mapped.
    /// </summary>
    internal abstract void ZapRange(VmaId vma, ulong start, ulong end, UnmapReason reason);

    /// <summary>
    /// copy_page_range: fork's part for one VMA whose entries a fault could not bring back; write-protects the parent's
    /// private ones where it copies or shares them.
    /// </summary>
    internal abstract Errno CopyRange(VmaId parent, VmaId child, ForkCopy copy);

    /// <summary>
    /// move_page_tables: moves the entries of [start, start+length) of one VMA to another. Returns how many bytes
    /// were moved.
    /// </summary>
    internal abstract ulong MoveRange(VmaId from, ulong start, VmaId to, ulong target, ulong length);

    /// <summary>change_protection: the entries of [start, end) follow the VMA's present flags.</summary>
    internal abstract void ProtectRange(VmaId vma, ulong start, ulong end);

    /// <summary>MADV_FREE on one VMA.</summary>
    internal abstract void LazyFreeRange(VmaId vma, ulong start, ulong end);

    /// <summary>
    /// MADV_PAGEOUT where there is no swap: only pages that need not be saved go.
    /// </summary>
    internal abstract void ReclaimFreed(VmaId vma, ulong start, ulong end);

    /// <summary>Puts guard markers into the empty entries of a range (MADV_GUARD_INSTALL).</summary>
    internal abstract Errno InstallGuards(VmaId vma, ulong start, ulong end);

    /// <summary>MADV_GUARD_REMOVE.</summary>
    internal abstract void RemoveGuards(VmaId vma, ulong start, ulong end);

    /// <summary>free_pgtables at exit: the page tables of an address space that has no VMA left.</summary>
    internal abstract void FreeTables(Mm mm);

    /// <summary>unmap_mapping_pages: the entries of page offsets [first, end) in every mapping of the inode.</summary>
    internal abstract void UnmapFileRange(Inode inode, ulong first, ulong end, PrivateCopies copies);

    /// <summary>
    /// The part of the audit that concerns frames, page tables, files and the design. Null, or the first violation.
    /// </summary>
    internal abstract string? AuditPages();
}

/// <summary>What became of the page tables of a collapsed range.</summary>
/// <param name="Retracted">Leaf tables freed.</param>
/// <param name="Refused">Leaf tables kept, as <see cref="ReverseMap.MayRetract"/> said.</param>
public readonly record struct RetractOutcome(int Retracted, int Refused);

/// <summary>What a page table holds at one address.</summary>
public enum PagePresence
{
    Empty = 0,
    Present = 1,
    ZeroPage = 2,
    Guard = 3,
    Swapped = 4,

    /// <summary>The entry is empty, and a memory object holds the page. Object-owned designs only.</summary>
    Held = 5,
}

/// <summary>One page of one address space, for comparison with a kernel.</summary>
/// <param name="Presence">What is there.</param>
/// <param name="Frame">The frame; none unless present or held.</param>
/// <param name="Anonymous">The frame is anonymous memory.</param>
/// <param name="MapCount">How many entries map the frame.</param>
/// <param name="Exclusive">PageAnonExclusive.</param>
/// <param name="Writable">The entry allows writing.</param>
/// <param name="Slot">The swap slot; 0 unless swapped out.</param>
public readonly record struct PageView(
    PagePresence Presence, Pfn Frame, bool Anonymous, int MapCount, bool Exclusive, bool Writable, int Slot = 0);

/// <summary>What unmapping a range of a file does to private pages that were copied from it (even_cows).</summary>
internal enum PrivateCopies
{
    Keep = 0,
    Unmap = 1,
}
