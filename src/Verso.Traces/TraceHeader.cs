using System.Text.Json.Serialization;

namespace Verso.Traces;

/// <summary>What a trace lacks of the truth; printed with every result made from it.</summary>
[Flags]
public enum TraceGrade : byte
{
    /// <summary>Operations, faults, layouts and checkpoints, nothing lost.</summary>
    Complete = 0,

    /// <summary>No page faults: page state, copy-on-write and walks are unknown.</summary>
    NoFaults = 1,

    /// <summary>The layout that exec built is not recorded.</summary>
    NoInitialLayout = 2,

    /// <summary>Some events were lost; the trailer counts them.</summary>
    LostEvents = 4,

    /// <summary>No checkpoint of the kernel's state: fidelity is unknown.</summary>
    NoCheckpoints = 8,

    /// <summary>The file ends before its trailer.</summary>
    Truncated = 16,

    /// <summary>VMAs were changed by what the recorder does not follow; the trailer counts how often.</summary>
    NotFollowed = 32,

    /// <summary>The recording ended while programs of it were running: what they did then is not in it.</summary>
    Unfinished = 64,
}

/// <summary>What a trace says of itself before its first event.</summary>
/// <remarks>
/// A file has every key. The serializer knows no default values here: a key added later has to be nullable, and null
/// where a file lacks it.
/// </remarks>
public sealed record TraceHeader
{
    /// <summary>The version of the format this reader and writer speak.</summary>
    public const int CurrentVersion = 1;

    [JsonRequired]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Who made it: "record", "strace", "perf", "synthetic".</summary>
    [JsonRequired]
    public required string Source { get; init; }

    /// <summary>The command that was recorded, its words joined by spaces; empty if unknown.</summary>
    [JsonRequired]
    public string Command { get; init; } = "";

    /// <summary>Kernel release (uname -r); empty if unknown.</summary>
    [JsonRequired]
    public string Kernel { get; init; } = "";

    /// <summary>Machine (uname -m).</summary>
    [JsonRequired]
    public string Machine { get; init; } = "x86_64";

    /// <summary>Page size in bytes.</summary>
    [JsonRequired]
    public int PageSizeBytes { get; init; } = 4096;

    /// <summary>/proc/sys/vm/overcommit_memory.</summary>
    [JsonRequired]
    public int OvercommitMode { get; init; }

    /// <summary>/proc/sys/vm/max_map_count.</summary>
    [JsonRequired]
    public int MaxMapCount { get; init; } = 65530;

    /// <summary>Whether the processor has protection keys, one of which execute-only memory takes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ProtectionKeys { get; init; }

    /// <summary>Whether anonymous memory that is read first gets a page of its own, not the zero page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NoZeroPage { get; init; }

    /// <summary>Wall-clock start, seconds since 1970; 0 if unknown.</summary>
    [JsonRequired]
    public long StartUnixSeconds { get; init; }

    /// <summary>The best grade this trace can have; losses found at its end lower it.</summary>
    [JsonRequired]
    public TraceGrade Grade { get; init; }
}
