using Verso.Engine.Objects;

namespace Verso.Engine.Tests.Model;

/// <summary>
/// Where scenarios happen: pages are numbered from a fixed address, so that 24 of them lie on both sides of the end of
/// a
/// leaf page table, and a mapping without an address is put among them.
/// </summary>
/// <remarks>
/// <code>
///    page   ... -1 | 0 ........ 11 | 12 ...... 17 | 18 .. heap .. 23 | 24 ...
///                    leaf table n  |  leaf table n + 1               ^ top of the search for free addresses
/// </code>
/// </remarks>
internal static class Window
{
    public const int Pages = 24;

    /// <summary>Where the heap of brk begins.</summary>
    public const int HeapPage = 18;

    /// <summary>
    /// The byte of a page that scenarios read and write: in its upper half, so that half a page can be truncated.
    /// </summary>
    public const int ByteInPage = 0x900;

    private const ulong Base = 0x7f00_0020_0000UL - (12 * Page.Size);

    /// <summary>The files of every scenario by letter; f and g are two opens of one inode.</summary>
    public static IReadOnlyList<WindowFile> Files { get; } =
    [
        new('f', 1, FileKind.Regular, 6 * Page.Size, FileModes.Read | FileModes.Write),
        new('g', 1, FileKind.Regular, 6 * Page.Size, FileModes.Read | FileModes.Write),
        new('r', 2, FileKind.Regular, (4 * Page.Size) + (Page.Size / 2), FileModes.Read),
        new('s', 3, FileKind.SharedMemory, 5 * Page.Size, FileModes.Read | FileModes.Write),
    ];

    /// <summary>Byte address of a page.</summary>
    public static ulong Address(long page) => unchecked(Base + (ulong)(page * Page.Size));

    /// <summary>The page of a byte address.</summary>
    public static long PageOf(ulong address) => unchecked((long)(address - Base)) >> Page.Shift;

    /// <summary>What the byte of a page of a file reads before anything was written.</summary>
    public static byte FirstByte(WindowFile file, long page) =>
        file.Kind == FileKind.Regular && (page * Page.Size) + ByteInPage < file.SizeBytes
            ? FilePattern.At(WindowFile.Device, (ulong)file.Inode, (ulong)((page * Page.Size) + ByteInPage))
            : (byte)0;
}

/// <summary>One open file of a scenario.</summary>
internal sealed record WindowFile(char Letter, int Inode, FileKind Kind, long SizeBytes, FileModes Modes)
{
    public const ulong Device = 7;
}
