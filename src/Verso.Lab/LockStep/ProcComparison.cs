using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;
using Verso.Linux.Proc;

namespace Verso.Lab.LockStep;

/// <summary>
/// The second witness: what /proc/PID/status and smaps say of the processes, which comes to the kernel's figures by
/// other ways than the graph reader does.
/// </summary>
/// <remarks>
/// Which pages of files are mapped depends on what happens to be cached around a fault: of VMAs that are not anonymous
/// alone the anonymous pages are compared.
/// </remarks>
internal sealed class ProcComparison(KernelStage kernel, EngineStage engine)
{
    /// <summary>VMAs of more pages are not counted page by page.</summary>
    private const ulong MostPages = 4096;

    /// <summary>PSS_SHIFT: fractions of a byte in which a page is divided among those who map it.</summary>
    private const int ShareShift = 12;

    private const int KilobyteShift = 10;
    private const VmaFlags Keys = (VmaFlags)(0xfUL << 32);
    private const VmaFlags Told = ~VmaFlags.SoftDirty;

    /// <summary>The first difference as text, or null.</summary>
    public string? Compare(char mm)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{kernel.ProcessOf(mm)}");
        return CompareStatus(mm, folder) ?? CompareVmas(mm, folder);
    }

    private string? CompareStatus(char mm, string folder)
    {
        using StreamReader text = File.OpenText($"{folder}/status");
        ProcStatus status = ProcStatus.Read(text)
            ?? throw new KernelStageException($"{folder}/status shows no address space");
        Mm modelled = engine.Machine.World.Mms[engine.Mms[mm]];
        return Differ(mm, "VmSize", modelled.TotalPages, (ulong)status.SizeBytes - kernel.OwnBytes)
            ?? Differ(mm, "VmLck", modelled.LockedPages, (ulong)status.LockedBytes);
    }

    private string? CompareVmas(char mm, string folder)
    {
        IReadOnlyList<SmapsEntry> entries;
        using (StreamReader text = File.OpenText($"{folder}/smaps"))
        {
            entries = [.. Smaps.Read(text).Where(entry => !kernel.IsOwn(entry.Line.Start))];
        }

        IReadOnlyList<VmaImage> vmas = engine.Capture(mm).Vmas;
        if (vmas.Count != entries.Count)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"{mm}: {vmas.Count} VMAs in the engine, {entries.Count} in smaps");
        }

        for (int at = 0; at < vmas.Count; at++)
        {
            if (CompareVma(engine.Mms[mm], vmas[at], entries[at]) is string difference)
            {
                long first = engine.Window.PageOf(vmas[at].Start);
                long end = engine.Window.PageOf(vmas[at].End);
                return string.Create(CultureInfo.InvariantCulture, $"{mm} {first}-{end}: {difference} in smaps");
            }
        }

        return null;
    }

    private string? CompareVma(MmId mm, VmaImage vma, SmapsEntry entry)
    {
        if (vma.Start != entry.Line.Start || vma.End != entry.Line.End)
        {
            return $"{entry.Line.Start:x}-{entry.Line.End:x}";
        }

        ulong offset = vma.File.IsNone ? 0 : vma.Pgoff << Page.Shift;
        if (offset != entry.Line.OffsetBytes)
        {
            return $"offset {offset:x} in the engine, {entry.Line.OffsetBytes:x}";
        }

        VmaFlags ours = vma.Flags & (FlagLetters.Told | Keys) & Told;
        VmaFlags theirs = entry.Flags & Told;
        return ours != theirs && !entry.HasNamelessFlags
            ? $"flags {ours & ~theirs} only in the engine, {theirs & ~ours} only"
            : ComparePages(mm, vma, entry);
    }

    private string? ComparePages(MmId mm, VmaImage vma, SmapsEntry entry)
    {
        bool isSpecial = new Vma { File = vma.File, Flags = vma.Flags }.IsSpecialMapping;
        if (isSpecial || (vma.End - vma.Start) >> Page.Shift > MostPages)
        {
            return null;
        }

        Sums sums = Count(mm, vma);
        bool isAnonymous = vma.File.IsNone;
        ulong locked = (vma.Flags & VmaFlags.Locked) == 0 ? 0 : sums.Shares >> ShareShift >> KilobyteShift;
        return Differ("Anonymous", sums.Anonymous << (Page.Shift - KilobyteShift), entry.AnonymousBytes)
            ?? Differ("Swap", sums.Swapped << (Page.Shift - KilobyteShift), entry.SwapBytes)
            ?? (isAnonymous
                ? Differ("Rss", sums.Anonymous << (Page.Shift - KilobyteShift), entry.ResidentBytes)
                    ?? Differ("Locked", locked, entry.LockedBytes)
                : null);
    }

    private Sums Count(MmId mm, VmaImage vma)
    {
        Sums sums = default;
        for (ulong address = vma.Start; address < vma.End; address += Page.Size)
        {
            PageView page = engine.Machine.PageAt(mm, address);
            if (page.Presence == PagePresence.Present && page.Anonymous)
            {
                sums.Anonymous++;
                sums.Shares += ((ulong)Page.Size << ShareShift) / (ulong)Math.Max(page.MapCount, 1);
            }

            sums.Swapped += page.Presence == PagePresence.Swapped ? 1u : 0u;
        }

        return sums;
    }

    private static string? Differ(char mm, string name, ulong pages, ulong bytes) => pages << Page.Shift == bytes
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{mm}: {name} is {pages << (Page.Shift - KilobyteShift)} kB in the engine, "
            + $"{bytes >> KilobyteShift} kB in /proc");

    private static string? Differ(string name, ulong kilobytes, long bytes) =>
        kilobytes == (ulong)bytes >> KilobyteShift
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{name} {kilobytes} kB in the engine, {bytes >> KilobyteShift} kB");

    /// <summary>Pages of a VMA, and the bytes that are its share of them, shifted.</summary>
    private record struct Sums(ulong Anonymous, ulong Swapped, ulong Shares);
}
