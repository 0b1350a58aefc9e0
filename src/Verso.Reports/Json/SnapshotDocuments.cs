using Verso.Lab.Snapshots;
using Verso.Lab.Words;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Json;

/// <summary>One process of a snapshot.</summary>
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

/// <summary>Kernel objects of one type in a snapshot.</summary>
public sealed record SnapshotObjectDocument(long Count, long SizeBytes, long Bytes);

/// <summary><c>verso snapshot -j</c>.</summary>
public sealed record SnapshotDocument
{
    public required string Schema { get; init; }

    public required string Selection { get; init; }

    public required string Kernel { get; init; }

    public required string Machine { get; init; }

    public required int MaxMapCount { get; init; }

    public required long TakenUnixSeconds { get; init; }

    public required long DurationNanoseconds { get; init; }

    public required int AddressSpaces { get; init; }

    public required int Files { get; init; }

    public required long Roots { get; init; }

    public required int LongestChain { get; init; }

    /// <summary>vm_area_struct, anon_vma, anon_vma_chain.</summary>
    public required IReadOnlyDictionary<string, SnapshotObjectDocument> Objects { get; init; }

    /// <summary>Whose the pages of private file mappings are.</summary>
    public required FileMappingsDocument PrivateFileMappings { get; init; }

    /// <summary>Processes whose VMAs changed while being read.</summary>
    public required IReadOnlyList<int> Changed { get; init; }

    /// <summary>Processes that ended before the reading was over.</summary>
    public required IReadOnlyList<int> Ended { get; init; }

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
