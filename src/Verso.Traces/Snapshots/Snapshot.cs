using System.Text.Json.Serialization;

namespace Verso.Traces.Snapshots;

/// <summary>
/// The address spaces of many processes, each of the moment it was read: VMAs, and the anon_vma graph that they share.
/// </summary>
/// <remarks>
/// Ids of anon_vmas, address spaces and whatever else is opaque mean the same in every image. In a file they are
/// numbers counted from 1: kernel addresses stay out of it.
/// </remarks>
public sealed record Snapshot
{
    public required SnapshotHeader Header { get; init; }

    /// <summary>Every open file that some VMA maps.</summary>
    public required IReadOnlyList<FileIdentity> Files { get; init; }

    /// <summary>The processes, by ascending process id.</summary>
    public required IReadOnlyList<ProcessGraph> Processes { get; init; }

    /// <summary>
    /// Processes that were asked for, and ended before the reading was over; by ascending process id.
    /// </summary>
    public IReadOnlyList<int> Ended { get; init; } = [];
}

/// <summary>What a snapshot says of itself.</summary>
/// <remarks>A file has every key, as that of <see cref="TraceHeader"/>.</remarks>
public sealed record SnapshotHeader
{
    /// <summary>The version of the format this reader and writer speak.</summary>
    public const int CurrentVersion = 1;

    [JsonRequired]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Kernel release (uname -r); empty if unknown.</summary>
    [JsonRequired]
    public string Kernel { get; init; } = "";

    /// <summary>Machine (uname -m).</summary>
    [JsonRequired]
    public string Machine { get; init; } = "x86_64";

    /// <summary>Page size in bytes.</summary>
    [JsonRequired]
    public int PageSizeBytes { get; init; } = 4096;

    /// <summary>/proc/sys/vm/max_map_count.</summary>
    [JsonRequired]
    public int MaxMapCount { get; init; } = 65530;

    /// <summary>Wall-clock time it was taken, seconds since 1970; 0 if unknown.</summary>
    [JsonRequired]
    public long TakenUnixSeconds { get; init; }

    /// <summary>How long the reading took, in nanoseconds.</summary>
    [JsonRequired]
    public long DurationNanoseconds { get; init; }

    /// <summary>What was asked for, for people: "all", "pid 1 2", "cgroup /system.slice".</summary>
    [JsonRequired]
    public string Selection { get; init; } = "";
}

/// <summary>What a snapshot says of itself at its end.</summary>
internal sealed record SnapshotTrailer
{
    /// <summary>Processes written.</summary>
    [JsonRequired]
    public long Processes { get; init; }

    /// <summary>Files written.</summary>
    [JsonRequired]
    public long Files { get; init; }

    /// <summary>Processes that ended before the reading was over.</summary>
    [JsonRequired]
    public IReadOnlyList<int> Ended { get; init; } = [];
}
