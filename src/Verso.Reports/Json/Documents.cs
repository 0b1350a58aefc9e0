using System.Text.Json.Serialization;

namespace Verso.Reports.Json;

// The JSON documents, key by key. Addresses are hex strings, sizes integers. Keys are only ever added; a change of
// meaning gets a new schema name.

/// <summary>So many of so many.</summary>
public sealed record AgreementDocument(long Matched, long Total);

/// <summary>The fidelity of a replay; quiescent checkpoints are also given apart.</summary>
public sealed record FidelityDocument
{
    public required AgreementDocument Vmas { get; init; }

    public required AgreementDocument AnonVmaGraph { get; init; }

    public required AgreementDocument AnonVmaNodes { get; init; }

    public required AgreementDocument Ranges { get; init; }

    public required long Checkpoints { get; init; }

    public FidelityDocument? Quiescent { get; init; }

    /// <summary>VMAs that differ, by what differs.</summary>
    public IReadOnlyDictionary<string, long>? Causes { get; init; }

    public IReadOnlyList<string>? Violations { get; init; }
}

public sealed record ObjectDocument(
    long Live,
    long Peak,
    long BytesPeak,
    long SizeBytes,
    long Allocated,
    long AllocatedAtomic,
    long FreedAfterGrace);

public sealed record MergesDocument(long Done, IReadOnlyDictionary<string, long> Refused);

public sealed record PtesDocument(long Copied, long WriteProtected, long Zapped, long Moved);

public sealed record WalksDocument(long Count, long Visited, long Useful, long VisitedUntilDone)
{
    /// <summary>Of anonymous pages just touched, of file pages, and of anonymous pages long untouched.</summary>
    public WalkTallyDocument? Anonymous { get; init; }

    public WalkTallyDocument? File { get; init; }

    public WalkTallyDocument? Untouched { get; init; }
}

/// <summary>Walks of one kind of pages; <c>median</c> and <c>by99</c> are 1, 3, 7 ... or the most.</summary>
public sealed record WalkTallyDocument(
    long Count, long Visited, long Useful, long VisitedUntilDone, long Median, long By99, long Most);

/// <summary>The figures of one design.</summary>
public sealed record DesignDocument
{
    public required string Name { get; init; }

    public required FidelityDocument Fidelity { get; init; }

    public required IReadOnlyDictionary<string, ObjectDocument> Objects { get; init; }

    public required long VmasPeak { get; init; }

    public required MergesDocument Merges { get; init; }

    public required PtesDocument Ptes { get; init; }

    /// <summary>ENOMEM with as many VMAs as there may be.</summary>
    public long CallsFailedAtVmaLimit { get; init; }

    public required WalksDocument Walks { get; init; }

    public required long FramesPeak { get; init; }

    public required long FramesCopied { get; init; }

    public required long FramesReused { get; init; }

    /// <summary>Pages that a fault found in a memory object.</summary>
    public required long FramesFound { get; init; }

    /// <summary>What only this design counts.</summary>
    public required IReadOnlyDictionary<string, long> Own { get; init; }

    public required IReadOnlyDictionary<string, long> Locks { get; init; }

    public required IReadOnlyDictionary<string, long> LockedWork { get; init; }

    /// <summary>The median, with --measure; this and those below are absent without.</summary>
    public long? ElapsedNanoseconds { get; init; }

    /// <summary>The median.</summary>
    public long? EngineNanoseconds { get; init; }

    /// <summary>By the median.</summary>
    public long? EventsPerSecond { get; init; }

    public TimesDocument? Times { get; init; }
}

/// <summary>The spread of what was measured.</summary>
public sealed record TimesDocument(
    int Rounds,
    long ElapsedLeastNanoseconds,
    long ElapsedMostNanoseconds,
    long EngineLeastNanoseconds,
    long EngineMostNanoseconds);

/// <summary>One trace through all designs.</summary>
public sealed record TraceDocument
{
    public required string Name { get; init; }

    public required string Sha256 { get; init; }

    public required string Grade { get; init; }

    public required string Source { get; init; }

    public required string Command { get; init; }

    public required string Kernel { get; init; }

    /// <summary>The kernel whose rules the machines went by.</summary>
    public required string Rules { get; init; }

    /// <summary>How far they are known to be the trace's: compared, series, versions, other, unknown, chosen.</summary>
    public required string RulesBasis { get; init; }

    public required long Events { get; init; }

    public required long LostEvents { get; init; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public required IReadOnlyDictionary<string, long> NotFollowed { get; init; }

    public required long Processes { get; init; }

    public required FidelityDocument Fidelity { get; init; }

    public required IReadOnlyList<DesignDocument> Designs { get; init; }
}

/// <summary><c>verso compare -j</c>.</summary>
public sealed record ComparisonDocument(string Schema, IReadOnlyList<TraceDocument> Traces)
{
    /// <summary>What was given by --label; absent where nothing was.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>One design of the catalogue.</summary>
public sealed record CatalogueEntryDocument(
    string Name,
    string Summary,
    string Source,
    string Owner,
    bool Reference,
    IReadOnlyList<LayoutFieldDocument> Layout,
    IReadOnlyList<DesignOptionDocument> Options);

/// <summary>A field that a design has in a struct of the kernel: vma, mm or page.</summary>
public sealed record LayoutFieldDocument(string Struct, string Field, int Bytes64, int Bytes32);

/// <summary>One option of a design; the first value is the default.</summary>
public sealed record DesignOptionDocument(string Name, string Meaning, IReadOnlyList<OptionValueDocument> Values);

/// <summary>One value of an option; broken ones break the specification.</summary>
public sealed record OptionValueDocument(string Name, string Meaning, bool Broken);

/// <summary><c>verso designs -j</c>.</summary>
public sealed record CatalogueDocument(string Schema, IReadOnlyList<CatalogueEntryDocument> Designs);

/// <summary>A VMA of one side of a difference.</summary>
public sealed record VmaDocument(
    string Start, string End, string Flags, long Pgoff, string File, string AnonVma, IReadOnlyList<string> Chain);

public sealed record DifferenceDocument
{
    public required long Event { get; init; }

    public required int Mm { get; init; }

    public required string Start { get; init; }

    public required IReadOnlyList<string> Causes { get; init; }

    public VmaDocument? Kernel { get; init; }

    public VmaDocument? Ours { get; init; }

    public required IReadOnlyList<string> History { get; init; }
}

/// <summary>What became of the calls of a trace.</summary>
public sealed record CallsDocument
{
    public required long Compared { get; init; }

    public required long Skipped { get; init; }

    /// <summary>The skipped ones by error: refused by the kernel for a reason that the engine has not.</summary>
    public required IReadOnlyDictionary<string, long> RefusedByError { get; init; }

    public required long NotModelled { get; init; }

    public required long Mismatched { get; init; }

    public required IReadOnlyDictionary<string, long> MismatchedByCall { get; init; }

    public required long SearchDifferences { get; init; }
}

/// <summary><c>verso replay -j</c>.</summary>
public sealed record ReplayDocument
{
    public required string Schema { get; init; }

    public required string Name { get; init; }

    public required string Grade { get; init; }

    public required string Source { get; init; }

    public required string Command { get; init; }

    public required string Kernel { get; init; }

    /// <summary>The kernel whose rules the machines went by.</summary>
    public required string Rules { get; init; }

    /// <summary>How far they are known to be the trace's: compared, series, versions, other, unknown, chosen.</summary>
    public required string RulesBasis { get; init; }

    public required long Events { get; init; }

    public required long LostEvents { get; init; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public required IReadOnlyDictionary<string, long> NotFollowed { get; init; }

    public required long Processes { get; init; }

    public required CallsDocument Calls { get; init; }

    public required DesignDocument Design { get; init; }

    public required long DistinctDifferences { get; init; }

    public required IReadOnlyList<DifferenceDocument> Differences { get; init; }

    /// <summary>Only with <c>--merges</c>.</summary>
    public MergeTraceDocument? MergeTrace { get; init; }

    /// <summary>Only with <c>--locks</c>.</summary>
    public LocksDocument? Locks { get; init; }
}

/// <summary><c>verso replay --merges</c>: the counts, then every attempt in order.</summary>
/// <param name="Attempts">How many boundaries were tested.</param>
/// <param name="Passed">Of those, with no failed test.</param>
/// <param name="Refused">The others.</param>
/// <param name="RefusedByFirst">By the first failed test in kernel order.</param>
/// <param name="RefusedByAll">By all failed tests, joined with <c>+</c>.</param>
/// <param name="Repairable">
/// Attempts on anonymous memory that failed exactly these tests, by what matena-merging makes of them.
/// </param>
/// <param name="Tried">Every attempt.</param>
public sealed record MergeTraceDocument(
    long Attempts,
    long Passed,
    long Refused,
    IReadOnlyDictionary<string, long> RefusedByFirst,
    IReadOnlyDictionary<string, long> RefusedByAll,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Repairable,
    IReadOnlyList<MergeAttemptDocument> Tried);

/// <summary>One merge attempt.</summary>
/// <param name="Event">Number of the event in the trace, from 1.</param>
/// <param name="Mm">The address space as the trace numbers it.</param>
/// <param name="Call">The kind of event.</param>
/// <param name="Start">The range that would become part of a neighbour.</param>
/// <param name="End">Its end, exclusive.</param>
/// <param name="Side">lower, upper or bridge.</param>
/// <param name="Memory">file or anonymous.</param>
/// <param name="Failed">Every failed test, in kernel order; empty if it passed.</param>
public sealed record MergeAttemptDocument(
    long Event,
    int Mm,
    string Call,
    string Start,
    string End,
    string Side,
    string Memory,
    IReadOnlyList<string> Failed);

/// <summary><c>verso info -j</c>.</summary>
public sealed record InfoDocument
{
    public required string Schema { get; init; }

    public required string Name { get; init; }

    public required string Sha256 { get; init; }

    public required string Grade { get; init; }

    public required string Source { get; init; }

    public required string Command { get; init; }

    public required string Kernel { get; init; }

    public required string Machine { get; init; }

    public required int FormatVersion { get; init; }

    public required long MaxMapCount { get; init; }

    public required long StartUnixSeconds { get; init; }

    public required long FileBytes { get; init; }

    public required long Events { get; init; }

    public required long LostEvents { get; init; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public required IReadOnlyDictionary<string, long> NotFollowed { get; init; }

    public required long DurationNanoseconds { get; init; }

    public required long AddressSpaces { get; init; }

    public required IReadOnlyDictionary<string, long> EventsByKind { get; init; }
}

/// <summary>Serializers generated at build time: no reflection, so that starting stays fast.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ComparisonDocument))]
[JsonSerializable(typeof(CatalogueDocument))]
[JsonSerializable(typeof(ReplayDocument))]
[JsonSerializable(typeof(InfoDocument))]
[JsonSerializable(typeof(SnapshotDocument))]
[JsonSerializable(typeof(RmapDocument))]
[JsonSerializable(typeof(TopDocument))]
[JsonSerializable(typeof(RandomVerificationDocument))]
[JsonSerializable(typeof(ScenariosDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(StepDocument))]
[JsonSerializable(typeof(QuizDocument))]
[JsonSerializable(typeof(WatchDocument))]
[JsonSerializable(typeof(PlotDocument))]
internal sealed partial class DocumentContext : JsonSerializerContext;
