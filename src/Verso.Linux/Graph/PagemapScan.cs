using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Graph;

/// <summary>
/// Finds the pages that page tables hold in a large range, most of which may be empty: PAGEMAP_SCAN (6.7), which goes
/// by tables, where words of pagemap go by pages.
/// </summary>
internal static class PagemapScan
{
    private const ulong Command = 0xc060_6610;
    private const ulong PageIsPresent = 1 << 3;
    private const ulong PageIsSwapped = 1 << 4;
    private const int RangesAtOnce = 512;

    /// <summary>The ranges of addresses in which every page is present or swapped, markers among them.</summary>
    /// <returns>All of it as one range where the kernel cannot tell.</returns>
    internal static unsafe List<(ulong Start, ulong End)> Find(int pagemap, ulong start, ulong end)
    {
        List<(ulong Start, ulong End)> found = [];
        var ranges = stackalloc PageRange[RangesAtOnce];
        while (start < end)
        {
            var arguments = new ScanArguments
            {
                Size = (ulong)sizeof(ScanArguments),
                Start = start,
                End = end,
                Ranges = ranges,
                RangeCount = RangesAtOnce,
                AnyOf = PageIsPresent | PageIsSwapped,
            };
            var count = Libc.Control(pagemap, Command, &arguments);
            if (count < 0 || arguments.WalkEnd <= start)
            {
                found.Add((start, end));
                break;
            }

            for (var at = 0; at < count; at++)
            {
                found.Add((ranges[at].Start, ranges[at].End));
            }

            start = arguments.WalkEnd;
        }

        return found;
    }

    /// <summary>struct page_region.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PageRange
    {
        internal ulong Start;
        internal ulong End;
        internal ulong Categories;
    }

    /// <summary>struct pm_scan_arg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct ScanArguments
    {
        internal ulong Size;
        internal ulong Flags;
        internal ulong Start;
        internal ulong End;
        internal ulong WalkEnd;
        internal PageRange* Ranges;
        internal ulong RangeCount;
        internal ulong MaxPages;
        internal ulong Inverted;
        internal ulong AllOf;
        internal ulong AnyOf;
        internal ulong Returned;
    }
}
