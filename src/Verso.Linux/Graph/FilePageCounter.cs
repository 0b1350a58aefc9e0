using System.Globalization;
using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Linux.Interop;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>
/// Counts the pages of private file mappings through /proc/PID/pagemap, which shows no frames to whoever is not root,
/// but says of each page whether it is the file's. smaps has the same sums, but of every VMA, as text of twenty lines.
/// </summary>
internal sealed class FilePageCounter
{
    private const int EntriesAtOnce = 8192;

    /// <summary>What one page table holds: above it, asking which pages are there costs less than looking.</summary>
    private const ulong TableBytes = 2 << 20;

    private readonly ulong[] _entries = new ulong[EntriesAtOnce];
    private readonly FileKind[] _kinds;

    /// <param name="files">Those of the images, by ascending id.</param>
    internal FilePageCounter(IReadOnlyList<FileIdentity> files)
    {
        _kinds = new FileKind[files.Count == 0 ? 1 : files[^1].File.Value + 1];
        foreach (var file in files)
        {
            _kinds[file.File.Value] = file.Kind;
        }
    }

    /// <summary>The pages now, in the mappings that a process had when its image was read.</summary>
    internal FilePages Count(int pid, MmImage image)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/pagemap");
        var file = Libc.OpenAt(Libc.AtCurrentDirectory, path, Libc.OpenCloseOnExec, 0);
        if (file < 0)
        {
            return FilePages.NotKnown(ReasonOf(Marshal.GetLastPInvokeError()));
        }

        try
        {
            return Count(file, image.Vmas.AsSpan()) is { } mappings
                ? new FilePages(FilePagesReading.Counted, mappings)
                : FilePages.NotKnown(FilePagesReading.Changed);
        }
        finally
        {
            _ = Libc.Close(file);
        }
    }

    /// <summary>Whether a later image still has the private file mappings of an earlier one.</summary>
    internal bool AreKept(MmImage before, MmImage after)
    {
        var kept = after.Vmas.Where(IsCounted).Select(PlaceOf).ToHashSet();
        return before.Vmas.Where(IsCounted).All(vma => kept.Contains(PlaceOf(vma)));
    }

    private static (ulong Start, ulong End, ulong Pgoff, FileId File) PlaceOf(VmaImage vma) =>
        (vma.Start, vma.End, vma.Pgoff, vma.File);

    private bool IsCounted(VmaImage vma) =>
        !vma.File.IsNone && vma.File.Value < _kinds.Length && FilePages.AreOf(vma, _kinds[vma.File.Value]);

    /// <summary>Why nothing is known where the file cannot be opened.</summary>
    internal static FilePagesReading ReasonOf(int error) =>
        error is Libc.ErrorAccess or Libc.ErrorNotPermitted ? FilePagesReading.Refused
            : error == Libc.ErrorNoEntry && !File.Exists("/proc/self/pagemap") ? FilePagesReading.NoPagemap
            : FilePagesReading.Changed;

    // Null: the address space is gone.
    private List<MappedFilePages>? Count(int pagemap, ReadOnlySpan<VmaImage> vmas)
    {
        List<MappedFilePages> found = [];
        for (var at = 0; at < vmas.Length; at++)
        {
            if (!IsCounted(vmas[at]))
            {
                continue;
            }

            if (Count(pagemap, vmas[at]) is not var (copied, mapped))
            {
                return null;
            }

            if (copied + mapped > 0)
            {
                found.Add(new MappedFilePages(at, copied, mapped));
            }
        }

        return found;
    }

    // Of a larger VMA only what is there: a sparse file may span all of an address space.
    private (long Copied, long Mapped)? Count(int pagemap, VmaImage vma)
    {
        if (vma.End - vma.Start <= TableBytes)
        {
            return Count(pagemap, vma.Start, vma.End);
        }

        var (copied, mapped) = (0L, 0L);
        foreach (var (start, end) in PagemapScan.Find(pagemap, vma.Start, vma.End))
        {
            if (Count(pagemap, start, end) is not var (more, others))
            {
                return null;
            }

            copied += more;
            mapped += others;
        }

        return (copied, mapped);
    }

    private (long Copied, long Mapped)? Count(int pagemap, ulong start, ulong end)
    {
        var (copied, mapped) = (0L, 0L);
        for (var page = start >> Page.Shift; page < end >> Page.Shift;)
        {
            var entries = _entries.AsSpan(0, (int)Math.Min(EntriesAtOnce, (end >> Page.Shift) - page));
            if (!Read(pagemap, page, entries))
            {
                return null;
            }

            foreach (var entry in entries)
            {
                var state = PagemapEntry.Of(entry);
                copied += state == FilePageState.Copied ? 1 : 0;
                mapped += state == FilePageState.Mapped ? 1 : 0;
            }

            page += (ulong)entries.Length;
        }

        return (copied, mapped);
    }

    private static unsafe bool Read(int pagemap, ulong page, Span<ulong> entries)
    {
        fixed (ulong* target = entries)
        {
            var bytes = (nint)entries.Length * sizeof(ulong);
            return Libc.ReadAt(pagemap, target, (nuint)bytes, (long)page * sizeof(ulong)) == bytes;
        }
    }
}
