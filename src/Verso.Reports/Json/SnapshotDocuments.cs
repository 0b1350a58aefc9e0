using Verso.Lab.Snapshots;
using Verso.Lab.Words;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Json;

/// <summary>One process of a snapshot.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Command">Its name (<c>comm</c>).</param>
/// <param name="Reading"><c>whole</c>: of one moment; <c>changed</c>: its VMAs changed while being read.</param>
/// <param name="Vmas">VMAs.</param>
/// <param name="AnonVmas">Different <c>anon_vma</c>s that its chains name, shared or not.</param>
/// <param name="ChainEntries">Entries of its chains: so many <c>anon_vma_chain</c>s.</param>
/// <param name="LongestChain">Entries of the longest chain of a VMA.</param>
/// <param name="OwnBytes">Its <c>vm_area_struct</c>s and <c>anon_vma_chain</c>s; <c>anon_vma</c>s are shared.</param>
/// <param name="PrivateFilePages">Its private file mappings; left out if not known.</param>
/// <param name="PrivateFilePagesNotKnown">
/// Why not: <c>no-pagemap</c>, <c>refused</c>, <c>changed</c>, <c>not-kept</c>; left out if they are.
/// </param>
public sealed record SnapshotProcessDocument(
    int Pid,
    string Command,
    string Reading,
    int Vmas,
    int AnonVmas,
    long ChainEntries,
    int LongestChain,
    long OwnBytes,
    FilePagesDocument? PrivateFilePages,
    string? PrivateFilePagesNotKnown);

/// <summary>Objects of one type.</summary>
/// <param name="Count">How many.</param>
/// <param name="SizeBytes">Of one: in <c>objects</c> a slot of the slab of x86-64, of a design the struct.</param>
/// <param name="Bytes">Of all.</param>
public sealed record SnapshotObjectDocument(long Count, long SizeBytes, long Bytes);

/// <summary><c>verso snapshot -j</c>: VMAs and the anon_vma graph of live processes, or of a file, summed up.</summary>
/// <example>verso snapshot --from examples/redis-fork.vsnap -j</example>
public sealed record SnapshotDocument
{
    /// <summary><c>verso-snapshot/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>What was asked for, in words: <c>all processes</c>.</summary>
    public required string Selection { get; init; }

    /// <summary><c>uname -r</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary><c>uname -m</c>.</summary>
    public required string Machine { get; init; }

    /// <summary><c>vm.max_map_count</c>.</summary>
    public required int MaxMapCount { get; init; }

    /// <summary>When.</summary>
    public required long TakenUnixSeconds { get; init; }

    /// <summary>How long the reading took.</summary>
    public required long DurationNanoseconds { get; init; }

    /// <summary>Fewer than <c>processes</c> where some share one.</summary>
    public required int AddressSpaces { get; init; }

    /// <summary>Different open files that are mapped.</summary>
    public required int Files { get; init; }

    /// <summary><c>anon_vma</c>s that are the root of their tree.</summary>
    public required long Roots { get; init; }

    /// <summary>Entries of the longest chain of a VMA.</summary>
    public required int LongestChain { get; init; }

    /// <summary>By type: <c>vm_area_struct</c>, <c>anon_vma</c>, <c>anon_vma_chain</c>.</summary>
    public required IReadOnlyDictionary<string, SnapshotObjectDocument> Objects { get; init; }

    /// <summary>Private file mappings, and whose their pages are.</summary>
    public required FileMappingsDocument PrivateFileMappings { get; init; }

    /// <summary>Ids of processes whose VMAs changed while being read.</summary>
    public required IReadOnlyList<int> Changed { get; init; }

    /// <summary>Ids of processes that ended before the reading was over.</summary>
    public required IReadOnlyList<int> Ended { get; init; }

    /// <summary>Those with the most chain entries first, then by id.</summary>
    public required IReadOnlyList<SnapshotProcessDocument> Processes { get; init; }
}

internal static class SnapshotDocuments
{
    public static SnapshotDocument Of(Snapshot snapshot, SnapshotSummary summary) => new()
    {
        Schema = "verso-snapshot/1",
        Selection = snapshot.Header.Selection,
        Kernel = snapshot.Header.Kernel,
        Machine = snapshot.Header.Machine,
        MaxMapCount = snapshot.Header.MaxMapCount,
        TakenUnixSeconds = snapshot.Header.TakenUnixSeconds,
        DurationNanoseconds = snapshot.Header.DurationNanoseconds,
        AddressSpaces = summary.AddressSpaces,
        Files = summary.Files,
        Roots = summary.Roots,
        LongestChain = summary.LongestChain,
        Objects = new Dictionary<string, SnapshotObjectDocument>
        {
            ["vm_area_struct"] = Objects(summary.Vmas, SnapshotSummary.VmaBytes),
            ["anon_vma"] = Objects(summary.AnonVmas, SnapshotSummary.AnonVmaBytes),
            ["anon_vma_chain"] = Objects(summary.ChainEntries, SnapshotSummary.ChainEntryBytes),
        },
        PrivateFileMappings = FileMappingDocuments.Of(summary.FileMappings, int.MaxValue),
        Changed = summary.Changed,
        Ended = snapshot.Ended,
        Processes = [.. summary.ByProcess.Select(process => new SnapshotProcessDocument(
            process.Pid,
            process.Command,
            Kebab.Of(process.Reading.ToString()),
            process.Vmas,
            process.AnonVmas,
            process.ChainEntries,
            process.LongestChain,
            process.OwnBytes,
            FileMappingDocuments.PagesOf(summary.FileMappings.Of(process.Pid)),
            FileMappingDocuments.ReasonOf(summary.FileMappings.Of(process.Pid))))],
    };

    private static SnapshotObjectDocument Objects(long count, int size) => new(count, size, count * size);
}
