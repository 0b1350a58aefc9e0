using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.Scenarios;

/// <summary>What processes have when a scenario begins.</summary>
public enum Beginning
{
    /// <summary>Nothing mapped.</summary>
    Nothing = 0,

    /// <summary>What exec makes of a program: see <see cref="ProgramImage"/>.</summary>
    Program = 1,
}

/// <summary>A program in the window as exec leaves it (fs/binfmt_elf.c load_elf_binary).</summary>
/// <remarks>
/// <code>
///   10+2 r-x text      image@6
///   12+1 r-  constants image@8
///   14+2 rw  data      image@9      its second page is written: what lies behind the end of the data is zeroed
///   16+2 rw  bss       anonymous    the heap begins at its end, a VMA of its own (brk looks no lower)
///   33 pages below the end of user space: the stack, its last page written with the arguments
/// </code>
/// </remarks>
public static class ProgramImage
{
    /// <summary>The inode of the executed file; no file of a window has it.</summary>
    public const int Inode = 1 << 21;

    /// <summary>Its name in states.</summary>
    public const string Name = "image";

    /// <summary>Pages of the stack.</summary>
    public const int StackPages = PuppetProgram.StackPages;

    /// <summary>Pages of the executed file: as many before the first segment as a puppet has itself.</summary>
    public const int FirstFilePage = (int)(PuppetProgram.FirstOffset >> Page.Shift);

    private const VmaFlags May = VmaFlags.MayAccess;
    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write | VmaFlags.Account | May;

    /// <summary>All pages of the executed file.</summary>
    public static long FilePages => FirstFilePage + Segments.Max(segment => segment.FilePage + segment.FilePages);

    /// <summary>By ascending address; pages of the file, and pages in memory.</summary>
    public static IReadOnlyList<ProgramSegment> Segments { get; } =
    [
        new(10, 0, 2, 2, Protection.Read | Protection.Exec),
        new(12, 2, 1, 1, Protection.Read),
        new(DataPage, 3, 2, 4, Protection.Read | Protection.Write),
    ];

    /// <summary>The page that exec zeroes the rest of.</summary>
    public const int WrittenPage = DataPage + 1;

    private const int DataPage = 14;

    /// <summary>The last page of the stack, as a page of the window.</summary>
    public static long StackPage(Window window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return window.PageOf(Page.TaskSize) - 1;
    }

    /// <summary>The VMAs, as if no page had been written yet.</summary>
    /// <param name="window">Where it is.</param>
    /// <param name="file">The executed file.</param>
    /// <param name="inherited">What the address space took over from the one that exec left.</param>
    public static IReadOnlyList<VmaImage> Vmas(Window window, FileId file, MmFlags inherited)
    {
        ArgumentNullException.ThrowIfNull(window);
        List<VmaImage> vmas = [];
        foreach (ProgramSegment segment in Segments)
        {
            long end = segment.Page + segment.FilePages;
            VmaFlags flags = segment.Protection.HasFlag(Protection.Write)
                ? ReadWrite
                : (VmaFlags)(uint)segment.Protection | May;
            ulong pgoff = (ulong)(FirstFilePage + segment.FilePage);
            vmas.Add(new VmaImage(window.Address(segment.Page), window.Address(end), flags, pgoff, file, 0, []));
            if (segment.Pages > segment.FilePages)
            {
                vmas.Add(Anonymous(window, end, segment.Page + segment.Pages, ReadWrite));
            }
        }

        long stackEnd = StackPage(window) + 1;
        vmas.Add(Anonymous(window, stackEnd - StackPages, stackEnd, ReadWrite | VmaFlags.GrowsDown));
        // The stack is made before anybody asks for that.
        VmaFlags added = (inherited & MmFlags.MergeAny) != 0 ? VmaFlags.Mergeable : VmaFlags.None;
        return [.. vmas.SkipLast(1).Select(vma => vma with { Flags = vma.Flags | added }), vmas[^1]];
    }

    private static VmaImage Anonymous(Window window, long first, long end, VmaFlags flags) =>
        new(window.Address(first), window.Address(end), flags, window.Address(first) >> Page.Shift, default, 0, []);
}

/// <summary>A part of the program.</summary>
/// <param name="Page">Its first page in the window.</param>
/// <param name="FilePage">Its first page in the file, from where segments begin.</param>
/// <param name="FilePages">Pages that are of the file; of what may be written the last one is half.</param>
/// <param name="Pages">All its pages.</param>
/// <param name="Protection">What may be done with it.</param>
public sealed record ProgramSegment(int Page, int FilePage, int FilePages, int Pages, Protection Protection);
