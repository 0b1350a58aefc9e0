using Verso.Engine.Vmas;
using Verso.Lab.Merging;
using Verso.Lab.Replay;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

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
