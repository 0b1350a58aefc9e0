using Verso.Engine;
using Verso.Engine.Objects;

namespace Verso.Lab.Scenarios;

/// <summary>
/// Where scenarios happen: pages are numbered from a fixed address, so that 24 of them lie on both sides of the end of
/// a leaf page table, and a mapping without an address is put among them.
/// </summary>
/// <remarks>
/// <code>
///    page   ... -1 | 0 ........ 11 | 12 ...... 17 | 18 .. heap .. 23 | 24 ...
///                    leaf table n  |  leaf table n + 1               ^ top of the search for free addresses
/// </code>
/// The model and the text of scenarios know pages only. A machine may be given a larger unit in their place: then each
/// page of a scenario stands for so many of the machine, of which the last is read and written, and calls meet whole
/// leaf tables or straddle them.
/// </remarks>
public sealed class Window(int pagesPerUnit)
{
    public const int Pages = 24;

    /// <summary>How far outside the window something mapped is still looked at.</summary>
    public const int PagesAround = 16;

    /// <summary>Where the heap of brk begins.</summary>
    public const int HeapPage = 18;

    /// <summary>
    /// The byte of a page that scenarios read and write: in its upper half, so that half a page can be truncated.
    /// </summary>
    public const int ByteInPage = 0x900;

    /// <summary>Half a page.</summary>
    public const int Half = Page.Size / 2;

    /// <summary>
    /// Where single pages begin: under the highest mmap_base that lies so; see <see cref="StackLimit"/>.
    /// </summary>
    private const ulong SmallBase = 0x7fff_f7df_4000;
    private const ulong LargeBase = 0x7f00_4000_0000;

    private readonly ulong _base = pagesPerUnit == 1 ? SmallBase : LargeBase;

    /// <summary>
    /// The RLIMIT_STACK, in bytes, with which a process of the real kernel has its mmap_base at the end of the window
    /// (arch/x86/mm/mmap.c, mmap_base): below TASK_SIZE by this and a stack guard gap of 256 pages.
    /// </summary>
    public static ulong StackLimit { get; } = Page.TaskSize - (256 * Page.Size) - (SmallBase + (Pages * Page.Size));

    /// <summary>Half pages of the System V segment that scenarios attach: it ends within its fourth page.</summary>
    public const int SegmentHalves = 7;

    /// <summary>The files of every scenario by letter; f and g are two opens of one inode, z is /dev/zero.</summary>
    public static IReadOnlyList<WindowFile> Files { get; } =
    [
        new('f', 1, FileKind.Regular, 12, FileModes.Read | FileModes.Write),
        new('g', 1, FileKind.Regular, 12, FileModes.Read | FileModes.Write),
        new('r', 2, FileKind.Regular, 9, FileModes.Read),
        new('s', 3, FileKind.SharedMemory, 10, FileModes.Read | FileModes.Write),
        new('z', 4, FileKind.Zero, 0, FileModes.Read | FileModes.Write),
    ];

    /// <summary>
    /// Whether the search for free addresses prefers room to align for huge pages (lengths that are multiples of 2
    /// MiB): then the model takes any free place.
    /// </summary>
    public bool SearchAligns => pagesPerUnit % 512 == 0;

    /// <summary>Byte address of a page.</summary>
    public ulong Address(long page) => unchecked(_base + (ulong)(page * UnitBytes));

    /// <summary>The page of a byte address.</summary>
    public long PageOf(ulong address)
    {
        (long page, long rest) = Math.DivRem(unchecked((long)(address - _base)), UnitBytes);
        return rest < 0 ? page - 1 : page;
    }

    /// <summary>The byte address that an access to a page goes to.</summary>
    public ulong AccessAddress(long page) => Address(page) + (ulong)LastPageOfUnit + ByteInPage;

    /// <summary>The byte address where instructions of a page are fetched: not where scenarios write.</summary>
    public ulong RunAddress(long page) => Address(page) + (ulong)LastPageOfUnit + 0xf00;

    /// <summary>The bytes of so many pages.</summary>
    public ulong Bytes(long pages) => (ulong)(pages * UnitBytes);

    /// <summary>
    /// A size in half pages: half a page more includes the page, but not the byte of it that is looked at.
    /// </summary>
    public ulong BytesOfHalves(long halves) =>
        (ulong)((halves / 2 * UnitBytes) + (halves % 2 == 0 ? 0 : LastPageOfUnit + Half));

    /// <summary>What the byte of a page of a file reads before anything was written.</summary>
    public byte FirstByte(WindowFile file, long page) =>
        file.Kind == FileKind.Regular && page < file.Halves / 2
            ? FilePattern.At(
                WindowFile.Device, (ulong)file.Inode, (ulong)((page * UnitBytes) + LastPageOfUnit + ByteInPage))
            : (byte)0;

    private long UnitBytes => (long)pagesPerUnit * Page.Size;

    private long LastPageOfUnit => (long)(pagesPerUnit - 1) * Page.Size;
}

/// <summary>One open file of a scenario.</summary>
/// <param name="Letter">Its name in scenarios.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="Kind">What is behind it.</param>
/// <param name="Halves">Its size in half pages.</param>
/// <param name="Modes">How it is open.</param>
public sealed record WindowFile(char Letter, int Inode, FileKind Kind, long Halves, FileModes Modes)
{
    public const ulong Device = 7;

    /// <summary>Whether it has a size and pages that can be taken away.</summary>
    public bool IsStored => Kind != FileKind.Zero;
}
