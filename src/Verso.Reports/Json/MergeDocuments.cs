using Verso.Engine.Vmas;
using Verso.Lab.Merging;
using Verso.Lab.Replay;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>Every test of a boundary in a replay.</summary>
/// <param name="Attempts">Boundaries that were tested.</param>
/// <param name="Passed">Of those, with no failed test.</param>
/// <param name="Refused">The others.</param>
/// <param name="RefusedByFirst"><c>refused</c> by the first failed test in kernel order.</param>
/// <param name="RefusedByAll"><c>refused</c> by all failed tests, joined with <c>+</c>.</param>
/// <param name="Repairable">
/// Attempts on anonymous memory that failed exactly these tests (<c>page-offset</c>, <c>anon-vma</c>, both), by what
/// became of them in matena-merging: <c>passed</c>, <c>not-tried</c>, <c>shared-pages</c>, <c>other-tests</c>.
/// </param>
/// <param name="Tried">Every attempt, in order.</param>
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
/// <param name="Start"><unit>address</unit> The range that would become part of a neighbour.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="Side">The neighbour: <c>lower</c>, <c>upper</c>, or <c>bridge</c>: both with the range.</param>
/// <param name="Memory"><c>file</c> (of either side) or <c>anonymous</c>.</param>
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

/// <summary>A merge trace turned into a document.</summary>
internal static class MergeDocuments
{
    public static MergeTraceDocument Of(MergeTrace trace)
    {
        MergeSummary summary = new(trace);
        return new MergeTraceDocument(
            summary.Attempts,
            summary.Passed,
            summary.Refused,
            Named(summary.RefusedByFirst),
            Named(summary.RefusedByAll),
            MergeSummary.RepairableReasons.ToDictionary(
                Name, reason => (IReadOnlyDictionary<string, long>)Repairs(summary, reason)),
            [.. trace.Attempts.Select(Of)]);
    }

    private static MergeAttemptDocument Of(MergeAttempt attempt) => new(
        attempt.EventNumber,
        attempt.Mm,
        EventText.Name(attempt.Kind),
        JsonReport.Hex(attempt.Trial.Start),
        JsonReport.Hex(attempt.Trial.End),
        MergeText.Side(attempt.Trial.Side),
        Kebab.Of(attempt.Trial.Memory.ToString()),
        [.. MergeText.Split(attempt.Trial.Verdict.Failed).Select(MergeReasons.Name)]);

    private static Dictionary<string, long> Named(SortedDictionary<MergeTests, long> refused) =>
        refused.ToDictionary(entry => Name(entry.Key), entry => entry.Value);

    private static Dictionary<string, long> Repairs(MergeSummary summary, MergeTests reason) =>
        Enum.GetValues<MergeRepair>().ToDictionary(MergeText.Repair, repair => summary.Only(reason, repair));

    private static string Name(MergeTests tests) => MergeText.Names(tests, "+");
}
