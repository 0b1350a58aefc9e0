namespace Verso.Reports.Json;

/// <summary>One trace through all designs.</summary>
public sealed record TraceDocument
{
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

    /// <summary>The kernel whose rules the machines went by.</summary>
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

    /// <summary>What it is, if it is a scenario: of those no state of a kernel is known, and no fidelity.</summary>
    public ScenarioSummaryDocument? Scenario { get; init; }

    /// <summary>That of <c>anon-vma-chain</c>, which is held to the kernel's VMAs and graph.</summary>
    public required FidelityDocument Fidelity { get; init; }

    /// <summary>A result a design, in the order asked for.</summary>
    public required IReadOnlyList<DesignDocument> Designs { get; init; }
}

/// <summary>A scenario that was played through designs.</summary>
/// <param name="Purpose">Why it exists, in its own words.</param>
/// <param name="Steps">How many it has.</param>
public sealed record ScenarioSummaryDocument(string Purpose, int Steps);

/// <summary><c>verso compare -j</c>, and <c>verso demo -j</c> of its recording: designs beside each other.</summary>
/// <example>verso compare examples/bash-pipeline.verso --designs anon-vma-chain,reflink -j</example>
/// <example>verso compare examples/bash-pipeline.verso --designs pte-chain --measure=1 --label run=first -j</example>
/// <param name="Schema"><c>verso-compare/1</c></param>
/// <param name="Traces">The recordings and scenarios, in the order given.</param>
public sealed record ComparisonDocument(string Schema, IReadOnlyList<TraceDocument> Traces)
{
    /// <summary>What was given by <c>--label</c>, by name; left out where nothing was.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}
