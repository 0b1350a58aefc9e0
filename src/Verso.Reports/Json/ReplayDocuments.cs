namespace Verso.Reports.Json;

/// <summary>A VMA of one side of a difference.</summary>
/// <param name="Start"><unit>address</unit> Its first byte.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="Flags"><c>vm_flags</c>, in hexadecimal digits.</param>
/// <param name="Pgoff">Its page offset.</param>
/// <param name="File">What it maps, as device:inode and path; empty for anonymous memory.</param>
/// <param name="AnonVma">The id of its <c>anon_vma</c> on this side, in hexadecimal digits; <c>0x0</c>: none.</param>
/// <param name="Chain">The ids of its chain, newest first.</param>
public sealed record VmaDocument(
    string Start, string End, string Flags, long Pgoff, string File, string AnonVma, IReadOnlyList<string> Chain);

/// <summary>A VMA that differs from the kernel's at a checkpoint.</summary>
public sealed record DifferenceDocument
{
    /// <summary>The number of the checkpoint's event, from 1.</summary>
    public required long Event { get; init; }

    /// <summary>The address space as the trace numbers it.</summary>
    public required int Mm { get; init; }

    /// <summary><unit>address</unit> Where the VMA begins: both sides are found by it.</summary>
    public required string Start { get; init; }

    /// <summary>In what they differ: <c>missing</c>, <c>extra</c>, <c>flags</c>, <c>chain-length</c>, ...</summary>
    public required IReadOnlyList<string> Causes { get; init; }

    /// <summary>The kernel's; left out where it has none.</summary>
    public VmaDocument? Kernel { get; init; }

    /// <summary>The replay's; left out where it has none.</summary>
    public VmaDocument? Ours { get; init; }

    /// <summary>The last events that touched this range, as text; empty without <c>--differences</c>.</summary>
    public required IReadOnlyList<string> History { get; init; }
}

/// <summary>What became of the calls of a trace.</summary>
public sealed record CallsDocument
{
    /// <summary>Calls that were run and whose result was compared.</summary>
    public required long Compared { get; init; }

    /// <summary>Calls that the kernel refused for a reason that the engine has not: limits, permissions.</summary>
    public required long Skipped { get; init; }

    /// <summary><c>skipped</c> by error: <c>ENOMEM</c>, ...</summary>
    public required IReadOnlyDictionary<string, long> RefusedByError { get; init; }

    /// <summary>Calls that succeeded and that the engine has no operation for.</summary>
    public required long NotModelled { get; init; }

    /// <summary>Calls whose result was another than the recorded one.</summary>
    public required long Mismatched { get; init; }

    /// <summary><c>mismatched</c> by call.</summary>
    public required IReadOnlyDictionary<string, long> MismatchedByCall { get; init; }

    /// <summary>Searches for a free range that found another address than the kernel's, which was then taken.</summary>
    public required long SearchDifferences { get; init; }
}

/// <summary><c>verso replay -j</c>: one recording through one design.</summary>
/// <example>verso replay examples/git-repack.verso --merges --verify -j</example>
/// <example>verso replay examples/git-repack.verso --locks=3 -j</example>
public sealed record ReplayDocument
{
    /// <summary><c>verso-replay/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>The file, as it was given.</summary>
    public required string Name { get; init; }

    /// <summary><c>complete</c>, or what the trace lacks, separated by commas: <c>no-faults, lost-events</c>.</summary>
    public required string Grade { get; init; }

    /// <summary>What made it: <c>record</c>, <c>strace</c>, <c>perf</c>, <c>synthetic</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The command that was recorded; empty if unknown.</summary>
    public required string Command { get; init; }

    /// <summary>The kernel it was recorded on (<c>uname -r</c>); empty if unknown.</summary>
    public required string Kernel { get; init; }

    /// <summary>The kernel whose rules the machine went by.</summary>
    public required string Rules { get; init; }

    /// <summary>
    /// How far these are known to be the trace's: <c>compared</c>, <c>series</c>, <c>versions</c>, <c>other</c>,
    /// <c>unknown</c>, <c>chosen</c> (<see href="explain.md#synopsis">what they mean</see>).
    /// </summary>
    public required string RulesBasis { get; init; }

    /// <summary>Events that were replayed.</summary>
    public required long Events { get; init; }

    /// <summary>Events that the recorder declared lost.</summary>
    public required long LostEvents { get; init; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public required IReadOnlyDictionary<string, long> NotFollowed { get; init; }

    /// <summary>Address spaces begun by fork, vfork or the recording; threads are not among them.</summary>
    public required long Processes { get; init; }

    /// <summary>What became of the calls.</summary>
    public required CallsDocument Calls { get; init; }

    /// <summary>The figures.</summary>
    public required DesignDocument Design { get; init; }

    /// <summary>Differences from the kernel, each counted once for as long as it lasts.</summary>
    public required long DistinctDifferences { get; init; }

    /// <summary>The first of them.</summary>
    public required IReadOnlyList<DifferenceDocument> Differences { get; init; }

    /// <summary>Every test of a boundary; with <c>--merges</c> only.</summary>
    public MergeTraceDocument? MergeTrace { get; init; }

    /// <summary>Every lock; with <c>--locks</c> only.</summary>
    public LocksDocument? Locks { get; init; }
}
