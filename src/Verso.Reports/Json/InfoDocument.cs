namespace Verso.Reports.Json;

/// <summary><c>verso info -j</c>: what is in a recording, without a replay.</summary>
/// <example>verso info examples/git-repack.verso -j</example>
public sealed record InfoDocument
{
    /// <summary><c>verso-info/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>The file, as it was given.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, in hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary><c>complete</c>, or what the trace lacks, separated by commas: <c>no-faults, lost-events</c>.</summary>
    public required string Grade { get; init; }

    /// <summary>What made it: <c>record</c>, <c>strace</c>, <c>perf</c>, <c>synthetic</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The command that was recorded; empty if unknown.</summary>
    public required string Command { get; init; }

    /// <summary>The kernel it was recorded on (<c>uname -r</c>); empty if unknown.</summary>
    public required string Kernel { get; init; }

    /// <summary><c>uname -m</c>.</summary>
    public required string Machine { get; init; }

    /// <summary>Of the file: 1.</summary>
    public required int FormatVersion { get; init; }

    /// <summary><c>vm.max_map_count</c> where it was recorded.</summary>
    public required long MaxMapCount { get; init; }

    /// <summary>When the recording began; 0 if unknown.</summary>
    public required long StartUnixSeconds { get; init; }

    /// <summary>Of the file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Events in it.</summary>
    public required long Events { get; init; }

    /// <summary>Events that the recorder declared lost.</summary>
    public required long LostEvents { get; init; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public required IReadOnlyDictionary<string, long> NotFollowed { get; init; }

    /// <summary>From the beginning to the last event.</summary>
    public required long DurationNanoseconds { get; init; }

    /// <summary>Address spaces that some event names.</summary>
    public required long AddressSpaces { get; init; }

    /// <summary><c>events</c> by kind: <c>mmap</c>, <c>fault</c>, <c>checkpoint</c>, ...</summary>
    public required IReadOnlyDictionary<string, long> EventsByKind { get; init; }
}
