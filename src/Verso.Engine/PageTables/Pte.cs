using System.Runtime.CompilerServices;

namespace Verso.Engine.PageTables;

/// <summary>How an entry of a leaf page table is encoded in 64 bits. 0 is an empty entry.</summary>
/// <remarks>
/// <code>
///   63 ............................ 12 | 11 | 10 | 9  | 8  | 7  | 6 | 5 | 4 .. 2 | 1 | 0
///   frame number (or swap slot)        | SW | GU | ZP | MG | EX | D |   |        | W | P
///
///   P   present: the entry maps a page                   W  it may be written through
///   D   dirty: written through since it was last cleared
///   ZP  with P: the zero page; the frame number is 0      (pte_special in Linux)
///   GU  without P: a guard marker                        (PTE_MARKER_GUARD)
///   SW  without P: swapped out to the slot in the upper bits
///   EX  with SW: the page was exclusive                  (pte_swp_exclusive)
///   MG  without P: the frame is being put in place of another; W and D are as they will be (a migration entry)
/// </code>
/// P, W and D are where the x86-64 hardware has them. PROT_NONE leaves P set: whether an access is allowed is asked of
/// the VMA first, and a hidden P bit would only double every test.
/// </remarks>
public static class Pte
{
    public const ulong Present = 1UL << 0;
    public const ulong Write = 1UL << 1;
    public const ulong Dirty = 1UL << 6;
    public const ulong Zero = 1UL << 9;
    public const ulong Guard = 1UL << 10;
    public const ulong Swap = 1UL << 11;
    public const ulong SwapExclusive = 1UL << 7;
    public const ulong Migration = 1UL << 8;

    /// <summary>Where the frame number begins.</summary>
    public const int FrameShift = 12;

    /// <summary>The entry that maps the zero page.</summary>
    public const ulong ZeroPage = Present | Zero;

    /// <summary>Bits that tell which frame a present entry maps; equal in two entries of one frame.</summary>
    public const ulong IdentityMask = ~((1UL << FrameShift) - 1) | Present;

    /// <summary>Bits that tell which frame a migration entry waits for.</summary>
    public const ulong MigrationMask = IdentityMask | Migration;

    /// <summary>An entry that maps a frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Make(Pfn frame, ulong bits) => ((ulong)(uint)frame.Value << FrameShift) | Present | bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPresent(ulong pte) => (pte & Present) != 0;

    /// <summary>Maps a frame: present, and not the zero page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasFrame(ulong pte) => (pte & (Present | Zero)) == Present;

    public static bool IsZeroPage(ulong pte) => (pte & (Present | Zero)) == ZeroPage;

    public static bool IsGuard(ulong pte) => (pte & (Present | Guard)) == Guard;

    public static bool IsSwap(ulong pte) => (pte & (Present | Swap)) == Swap;

    public static bool IsSwapExclusive(ulong pte) => (pte & SwapExclusive) != 0;

    public static bool IsMigration(ulong pte) => (pte & (Present | Migration)) == Migration;

    /// <summary>The entry of a page that was swapped out to this slot.</summary>
    public static ulong MakeSwap(int slot, bool isExclusive) =>
        ((ulong)(uint)slot << FrameShift) | Swap | (isExclusive ? SwapExclusive : 0);

    /// <summary>The slot of a swap entry.</summary>
    public static int Slot(ulong pte) => (int)(pte >> FrameShift);

    /// <summary>The entry that waits for this frame to take the place of the one that an entry maps.</summary>
    public static ulong MakeMigration(Pfn frame, ulong pte) =>
        ((ulong)(uint)frame.Value << FrameShift) | Migration | (pte & (Write | Dirty));

    public static bool IsWritable(ulong pte) => (pte & (Present | Write)) == (Present | Write);

    /// <summary>The frame of a present entry; none for the zero page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pfn Frame(ulong pte) => new((int)(pte >> FrameShift));
}
