using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Linux.Interop;

namespace Verso.Linux.Graph;

/// <summary>
/// Reads what the pages of live processes hold, through /proc/PID/pagemap, /proc/kpageflags and /proc/kpagecount
/// (Documentation/admin-guide/mm/pagemap.rst). Allocates nothing while reading. Not for several threads at once.
/// </summary>
public sealed class PageReader : IDisposable
{
    private const int PagesAtOnce = 512;

    /// <summary>Frames so close together are read by one call: a call costs what some dozens of words do.</summary>
    private const ulong FarApart = 16;

    private const int WordsAtOnce = 1024;
    private const ulong FrameMask = (1UL << 55) - 1;
    private const ulong SwapMask = (1UL << 55) - 1;
    private const ulong SoftDirtyBit = 1UL << 55;
    private const ulong MappedOnceBit = 1UL << 56;
    private const ulong UserfaultBit = 1UL << 57;
    internal const ulong GuardBit = 1UL << 58;
    internal const ulong FileBit = 1UL << 61;
    internal const ulong SwapBit = 1UL << 62;
    internal const ulong PresentBit = 1UL << 63;

    private const ulong FlagAnonymous = 1UL << 12;
    private const ulong FlagSwapCache = 1UL << 13;
    private const ulong FlagCompound = (1UL << 15) | (1UL << 16);
    private const ulong FlagHugeTlb = 1UL << 17;
    private const ulong FlagSamePage = 1UL << 21;
    private const ulong FlagZeroPage = 1UL << 24;
    private const ulong FlagExclusive = 1UL << 34;

    private readonly int _processes;
    private readonly int _flags;
    private readonly int _counts;

    private PageReader(int processes, int flags, int counts)
    {
        _processes = processes;
        _flags = flags;
        _counts = counts;
    }

    /// <summary>Why nothing can be read here, in one line; null if it can.</summary>
    public static string? Unavailable()
    {
        try
        {
            using var reader = Open();
            return null;
        }
        catch (PagesUnavailableException reason)
        {
            return reason.Message;
        }
    }

    /// <exception cref="PagesUnavailableException">One line that says what is missing.</exception>
    public static PageReader Open()
    {
        var reader = new PageReader(
            OpenTable("/proc"), OpenTable("/proc/kpageflags"), OpenTable("/proc/kpagecount"));
        if (!reader.SeesFrames())
        {
            reader.Dispose();
            throw new PagesUnavailableException(
                "the kernel hides frame numbers in /proc/self/pagemap; reading pages needs CAP_SYS_ADMIN: "
                + "run it as root");
        }

        return reader;
    }

    /// <summary>Opens the page tables of a process.</summary>
    /// <returns>Null if there is no such process.</returns>
    public PageTarget? Watch(int pid)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        var directory = Libc.OpenAt(
            _processes,
            pid.ToString(CultureInfo.InvariantCulture),
            Libc.OpenPath | Libc.OpenDirectory | Libc.OpenCloseOnExec,
            0);
        if (directory < 0)
        {
            return null;
        }

        var target = new PageTarget(pid, directory);
        if (target.Reopen())
        {
            return target;
        }

        target.Dispose();
        return null;
    }

    /// <summary>
    /// Reads consecutive pages. What is present was so when its entry was read; its frame is looked at afterwards, so
    /// of a process that runs it may belong to somebody else by then.
    /// </summary>
    /// <param name="target">Whose.</param>
    /// <param name="start">The byte address of the first; page aligned.</param>
    /// <param name="pages">How many, and where they go.</param>
    /// <returns>
    /// False: the process has no address space any more, or the range reaches beyond what user space can have.
    /// </returns>
    public bool Read(PageTarget target, ulong start, Span<KernelPage> pages)
    {
        ArgumentNullException.ThrowIfNull(target);
        Invariant.Require(Page.IsAligned(start));
        while (!pages.IsEmpty)
        {
            var count = Math.Min(pages.Length, PagesAtOnce);
            if (!ReadPart(target, start, pages[..count]))
            {
                return false;
            }

            start += (ulong)count * Page.Size;
            pages = pages[count..];
        }

        return true;
    }

    public void Dispose()
    {
        _ = Libc.Close(_processes);
        _ = Libc.Close(_flags);
        _ = Libc.Close(_counts);
    }

    [SkipLocalsInit]
    private bool ReadPart(PageTarget target, ulong start, Span<KernelPage> pages)
    {
        Span<ulong> entries = stackalloc ulong[PagesAtOnce];
        entries = entries[..pages.Length];
        var offset = (long)(start / Page.Size * sizeof(ulong));

        // An address space that is gone reads as an end of file: that of before an exec, or the last.
        if (!ReadWords(target.Descriptor, offset, entries)
            && !(target.Reopen() && ReadWords(target.Descriptor, offset, entries)))
        {
            return false;
        }

        Span<ulong> frames = stackalloc ulong[PagesAtOnce];
        Span<int> places = stackalloc int[PagesAtOnce];
        var present = 0;
        for (var at = 0; at < entries.Length; at++)
        {
            if ((entries[at] & PresentBit) != 0)
            {
                frames[present] = entries[at] & FrameMask;
                places[present++] = at;
            }
            else
            {
                pages[at] = Absent(entries[at]);
            }
        }

        frames = frames[..present];
        places = places[..present];
        frames.Sort(places);
        ReadFlags(frames, places, entries, pages);
        ReadCounts(frames, places, pages);
        return true;
    }

    // A guard marker is a swap entry of a kind of its own.
    private static KernelPage Absent(ulong entry)
    {
        var flags = (entry & UserfaultBit) != 0 ? KernelPageFlags.UserfaultProtected : KernelPageFlags.None;
        return (entry & GuardBit) != 0 ? new KernelPage(PagePresence.Guard, flags, 0, 0, 0)
            : (entry & SwapBit) != 0 ? new KernelPage(PagePresence.Swapped, flags, 0, 0, entry & SwapMask)
            : new KernelPage(PagePresence.Empty, flags, 0, 0, 0);
    }

    [SkipLocalsInit]
    private void ReadFlags(
        ReadOnlySpan<ulong> frames, ReadOnlySpan<int> places, ReadOnlySpan<ulong> entries, Span<KernelPage> pages)
    {
        Span<ulong> words = stackalloc ulong[WordsAtOnce];
        for (var at = 0; at < frames.Length;)
        {
            var run = Run(frames[at..]);
            var first = frames[at];
            ReadTable(_flags, first, words[..(int)(frames[at + run - 1] - first + 1)]);
            for (var end = at + run; at < end; at++)
            {
                var word = words[(int)(frames[at] - first)];
                var isZeroPage = (word & FlagZeroPage) != 0;

                // Without bit 56 there is more than one mapping or a larger folio: counted next.
                var isCounted = isZeroPage
                    || ((entries[places[at]] & MappedOnceBit) != 0 && (word & FlagCompound) == 0);
                pages[places[at]] = new KernelPage(
                    isZeroPage ? PagePresence.ZeroPage : PagePresence.Present,
                    FlagsOf(entries[places[at]], word),
                    isZeroPage ? 0 : isCounted ? 1 : -1,
                    frames[at],
                    0);
            }
        }
    }

    [SkipLocalsInit]
    private void ReadCounts(ReadOnlySpan<ulong> frames, ReadOnlySpan<int> places, Span<KernelPage> pages)
    {
        Span<ulong> words = stackalloc ulong[WordsAtOnce];
        for (var at = 0; at < frames.Length;)
        {
            if (pages[places[at]].MapCount >= 0)
            {
                at++;
                continue;
            }

            var run = Run(frames[at..]);
            var first = frames[at];
            ReadTable(_counts, first, words[..(int)(frames[at + run - 1] - first + 1)]);
            for (var end = at + run; at < end; at++)
            {
                ref var page = ref pages[places[at]];
                page = page.MapCount >= 0 ? page : page with { MapCount = (int)words[(int)(frames[at] - first)] };
            }
        }
    }

    // How many of the frames, ascending, one call reads.
    private static int Run(ReadOnlySpan<ulong> frames)
    {
        var run = 1;
        while (run < frames.Length
            && frames[run] - frames[run - 1] <= FarApart && frames[run] - frames[0] < WordsAtOnce)
        {
            run++;
        }

        return run;
    }

    private static KernelPageFlags FlagsOf(ulong entry, ulong word)
    {
        var isAnonymous = (word & FlagAnonymous) != 0;
        return (isAnonymous ? KernelPageFlags.Anonymous : 0)
            | (isAnonymous && (word & FlagExclusive) != 0 ? KernelPageFlags.Exclusive : 0)
            | ((entry & FileBit) != 0 ? KernelPageFlags.File : 0)
            | ((entry & SoftDirtyBit) != 0 ? KernelPageFlags.SoftDirty : 0)
            | ((entry & UserfaultBit) != 0 ? KernelPageFlags.UserfaultProtected : 0)
            | ((word & FlagSamePage) != 0 ? KernelPageFlags.SamePage : 0)
            | ((word & FlagCompound) != 0 ? KernelPageFlags.Large : 0)
            | ((word & FlagHugeTlb) != 0 ? KernelPageFlags.HugeTlb : 0)
            | ((word & FlagSwapCache) != 0 ? KernelPageFlags.SwapCache : 0);
    }

    // A frame that is not there (memory that was removed) reads as nothing.
    private static void ReadTable(int table, ulong frame, Span<ulong> words)
    {
        if (!ReadWords(table, (long)(frame * sizeof(ulong)), words))
        {
            words.Clear();
        }
    }

    private static unsafe bool ReadWords(int descriptor, long offset, Span<ulong> words)
    {
        fixed (ulong* target = words)
        {
            var bytes = (nint)words.Length * sizeof(ulong);
            return Libc.ReadAt(descriptor, target, (nuint)bytes, offset) == bytes;
        }
    }

    private static int OpenTable(string path)
    {
        var table = Libc.OpenAt(Libc.AtCurrentDirectory, path, Libc.OpenCloseOnExec, 0);
        return table >= 0
            ? table
            : throw new PagesUnavailableException(
                $"cannot open {path}: {Marshal.GetLastPInvokeErrorMessage()}; reading pages needs CAP_SYS_ADMIN and "
                + "CONFIG_PROC_PAGE_MONITOR=y: run it as root");
    }

    // The page of a local variable is there.
    private unsafe bool SeesFrames()
    {
        using var target = Watch(Environment.ProcessId);
        var local = 1UL;
        Span<ulong> entry = stackalloc ulong[1];
        var offset = (long)((ulong)&local / Page.Size * sizeof(ulong));
        return target is not null && ReadWords(target.Descriptor, offset, entry) && (entry[0] & FrameMask) != 0;
    }
}
