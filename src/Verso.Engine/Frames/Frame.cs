using System.Numerics;
using System.Runtime.CompilerServices;

namespace Verso.Engine.Frames;

/// <summary>
/// The hot 16 bytes of a page frame (<c>struct page</c>, order-0 folio).
/// </summary>
/// <remarks>
/// <code>
///   byte 0                                        8            12           16
///        +----------------------------------------+------------+------------+
///        | bits 63..12  Index    | 11..0 flags    |  Mapping   |  MapCount  |
///        +----------------------------------------+------------+------------+
///
///   Index     page offset within Mapping (folio->index); of a free frame: the next free one
///   Mapping   anonymous: the design's own key.  page cache: handle of the inode
///   MapCount  present entries of any page table that hold this frame
/// </code>
/// <para>
/// The reference count is not stored: it is MapCount, plus one for the page cache, the swap cache or a memory object.
/// Nothing else refers to a frame between operations of a single-threaded machine.
/// </para>
/// <para>
/// One array of these, not parallel arrays: setting up a fresh frame 1.9 ns against 2.1..2.5 in order, 11 against 20
/// scattered over 4 Mi frames. What is cold or a design's own lies in side arrays by frame number.
/// </para>
/// </remarks>
public struct Frame
{
    /// <summary>Bits below the index.</summary>
    public const int FlagBits = 12;

    /// <summary>
    /// The highest index a frame can hold: 2^52 - 1 pages, all that a signed 64-bit file size can name.
    /// </summary>
    public const ulong IndexMax = (1UL << (64 - FlagBits)) - 1;

    private const ulong FlagMask = (1UL << FlagBits) - 1;

    private const ulong KeptMask = (ulong)(FrameFlags.PageCache | FrameFlags.SwapCache | FrameFlags.Held);

    private ulong _word;

    /// <summary>For anonymous memory the design's key; for the page cache the handle of the inode.</summary>
    public int Mapping;

    /// <summary>How many present page-table entries hold this frame.</summary>
    public int MapCount;

    /// <summary><c>folio->index</c>: the page offset within what <see cref="Mapping"/> names.</summary>
    public ulong Index
    {
        readonly get => _word >> FlagBits;
        set => _word = (value << FlagBits) | (_word & FlagMask);
    }

    /// <summary>The flags.</summary>
    public FrameFlags Flags
    {
        readonly get => (FrameFlags)(_word & FlagMask);
        set => _word = (_word & ~FlagMask) | (ulong)value;
    }

    /// <summary>The page belongs to anonymous memory.</summary>
    public readonly bool IsAnonymous
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_word & (ulong)FrameFlags.Anonymous) != 0;
    }

    /// <summary>A memory object holds a reference (object-owned designs).</summary>
    public readonly bool IsHeld => (_word & (ulong)FrameFlags.Held) != 0;

    /// <summary>PageAnonExclusive.</summary>
    public readonly bool IsExclusive => (_word & (ulong)FrameFlags.Exclusive) != 0;

    /// <summary><c>folio_ref_count</c>, derived.</summary>
    public readonly int ReferenceCount =>
        MapCount + BitOperations.PopCount(_word & KeptMask);

    /// <summary>Sets flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(FrameFlags flags) => _word |= (ulong)flags;

    /// <summary>Clears flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear(FrameFlags flags) => _word &= ~(ulong)flags;

    /// <summary>A frame in use, mapped nowhere. Requires: the index fits.</summary>
    internal void Begin(FrameFlags flags, ulong index, int mapping)
    {
        Invariant.Require(index <= IndexMax);
        _word = (index << FlagBits) | (ulong)(flags | FrameFlags.Allocated);
        Mapping = mapping;
        MapCount = 0;
    }

    /// <summary>A free frame, linked to the next free one.</summary>
    internal void End(int nextFree)
    {
        _word = (ulong)(uint)nextFree << FlagBits;
        Mapping = 0;
    }
}

/// <summary>What a frame is. At most 12 bits.</summary>
[Flags]
public enum FrameFlags : ushort
{
    None = 0,

    /// <summary>In use; clear on the free list.</summary>
    Allocated = 1 << 0,

    /// <summary>Anonymous memory (FOLIO_MAPPING_ANON).</summary>
    Anonymous = 1 << 1,

    /// <summary>PageAnonExclusive: mapped by one page table, which may write without asking.</summary>
    Exclusive = 1 << 2,

    /// <summary>In the page cache of an inode, which holds a reference.</summary>
    PageCache = 1 << 3,

    /// <summary>In the swap cache, which holds a reference.</summary>
    SwapCache = 1 << 4,

    /// <summary>MADV_FREE: may be dropped instead of swapped unless written to again (PG_swapbacked clear).</summary>
    LazyFree = 1 << 5,

    /// <summary>In a memory object of an object-owned design, which holds a reference.</summary>
    Held = 1 << 6,
}
