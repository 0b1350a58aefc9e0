using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Snapshots;

/// <summary>
/// The private file mappings of a snapshot: how many of their pages are copies and how many follow the file, each
/// address space counted once.
/// </summary>
public sealed class FileMappings
{
    private readonly Dictionary<int, FileIdentity> _files;
    private readonly Dictionary<int, ProcessFilePages> _byPid = [];
    private readonly List<ProcessFilePages> _spaces = [];
    private readonly Dictionary<(ulong Device, ulong Inode), FileFigures> _byFile = [];

    private FileMappings(Snapshot snapshot)
    {
        _files = snapshot.Files.ToDictionary(file => file.File.Value);
        HashSet<ulong> known = [];
        foreach (ProcessGraph process in snapshot.Processes)
        {
            // 0 is an address space of which nobody knows whether it is another's: one of its own.
            bool isNew = process.Image.Identity == 0 || known.Add(process.Image.Identity);
            ProcessFilePages pages = Count(process, isNew);
            _byPid[process.Pid] = pages;
            if (isNew)
            {
                _spaces.Add(pages);
            }
        }

        foreach (ProcessFilePages space in _spaces)
        {
            All += space.Figures ?? default;
        }
    }

    /// <summary>Of all address spaces that are known.</summary>
    public FileMappingFigures All { get; }

    /// <summary>Whether any is known.</summary>
    public bool IsKnown => _spaces.Exists(space => space.Figures is not null);

    /// <summary>The address spaces that are known and have such mappings, those with the most copies first.</summary>
    public IReadOnlyList<ProcessFilePages> ByProcess =>
        [.. _spaces.Where(space => space.Figures is { Vmas: > 0 })
            .OrderByDescending(space => space.Figures!.Value.Copied)
            .ThenByDescending(space => space.Figures!.Value.Mapped)
            .ThenBy(space => space.Pid)];

    /// <summary>The files, those with the most copies first.</summary>
    public IReadOnlyList<FileFigures> ByFile =>
        [.. _byFile.Values.OrderByDescending(file => file.Figures.Copied)
            .ThenByDescending(file => file.Figures.Mapped)
            .ThenBy(file => file.Path, StringComparer.Ordinal)
            .ThenBy(file => file.Inode)];

    /// <summary>Of how many address spaces nothing is known, by reason.</summary>
    public IReadOnlyList<(FilePagesGap Reason, int Spaces)> NotKnown =>
        [.. _spaces.Where(space => space.Gap is not null).GroupBy(space => space.Gap!.Value)
            .OrderBy(group => group.Key).Select(group => (group.Key, group.Count()))];

    /// <summary>Counts.</summary>
    public static FileMappings Of(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new FileMappings(snapshot);
    }

    /// <summary>Of one process of the snapshot.</summary>
    public ProcessFilePages Of(int pid) => _byPid[pid];

    private ProcessFilePages Count(ProcessGraph process, bool isNew)
    {
        FilePagesGap? gap = process.FilePages?.Reading switch
        {
            null => FilePagesGap.NotKept,
            FilePagesReading.Counted => null,
            FilePagesReading.NoPagemap => FilePagesGap.NoPagemap,
            FilePagesReading.Refused => FilePagesGap.Refused,
            _ => FilePagesGap.Changed,
        };
        FileMappingFigures all = default;
        IReadOnlyList<MappedFilePages> mappings = process.FilePages?.Mappings ?? [];
        int next = 0;
        ReadOnlySpan<VmaImage> vmas = process.Image.Vmas.AsSpan();
        for (int at = 0; at < vmas.Length; at++)
        {
            MappedFilePages held = next < mappings.Count && mappings[next].Vma == at ? mappings[next++] : default;
            if (!_files.TryGetValue(vmas[at].File.Value, out FileIdentity? file)
                || !FilePages.AreOf(vmas[at], file.Kind))
            {
                continue;
            }

            long pages = (long)((vmas[at].End - vmas[at].Start) >> Page.Shift);
            FileMappingFigures one = new(1, pages, held.Copied, held.Mapped);
            all += one;
            if (isNew && gap is null)
            {
                FileFigures sum = _byFile.GetValueOrDefault(
                    (file.Device, file.Inode), new FileFigures(file.Path, file.Inode, default));
                _byFile[(file.Device, file.Inode)] = sum with { Figures = sum.Figures + one };
            }
        }

        // Where there is no such mapping there is nothing to count.
        return gap is null || all.Vmas == 0
            ? new ProcessFilePages(process.Pid, process.Command, all, null)
            : new ProcessFilePages(process.Pid, process.Command, null, gap);
    }
}

/// <summary>Private file mappings, and their pages.</summary>
/// <param name="Vmas">The mappings.</param>
/// <param name="Pages">What they span.</param>
/// <param name="Copied">Anonymous pages, those in swap among them.</param>
/// <param name="Mapped">Pages of the file that page tables hold.</param>
public readonly record struct FileMappingFigures(long Vmas, long Pages, long Copied, long Mapped)
{
    /// <summary>Pages that no page table holds: the next access asks the file.</summary>
    public long NotMapped => Pages - Copied - Mapped;

    /// <summary>Pages that are the file's, mapped or not.</summary>
    public long Following => Pages - Copied;

    public static FileMappingFigures operator +(FileMappingFigures a, FileMappingFigures b) =>
        new(a.Vmas + b.Vmas, a.Pages + b.Pages, a.Copied + b.Copied, a.Mapped + b.Mapped);
}

/// <summary>One file, by all of its opens.</summary>
/// <param name="Path">As it was read; empty if it was not.</param>
/// <param name="Inode">Its inode.</param>
/// <param name="Figures">Its private mappings.</param>
public sealed record FileFigures(string Path, ulong Inode, FileMappingFigures Figures);

/// <summary>One process.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Command">Its name.</param>
/// <param name="Figures">Its private file mappings; null if their pages are not known.</param>
/// <param name="Gap">Why not; null if they are.</param>
public sealed record ProcessFilePages(int Pid, string Command, FileMappingFigures? Figures, FilePagesGap? Gap);

/// <summary>Why the pages of private file mappings are not known.</summary>
public enum FilePagesGap
{
    /// <summary>The kernel has no /proc/PID/pagemap.</summary>
    NoPagemap = 0,

    /// <summary>It may not be read.</summary>
    Refused,

    /// <summary>The process ended or exec'd, or its file mappings changed, before all were counted.</summary>
    Changed,

    /// <summary>
    /// The snapshot says nothing of them: it is of an earlier version, or the process ended before they were looked at.
    /// </summary>
    NotKept,
}
