using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>Results turned into documents.</summary>
internal static class ResultDocuments
{
    public static TraceDocument Of(TraceComparison trace) => new()
    {
        Name = trace.Name,
        Sha256 = trace.Sha256,
        Grade = GradeText.Of(trace.Grade),
        Source = trace.Header.Source,
        Command = trace.Header.Command,
        Kernel = trace.Header.Kernel,
        Rules = trace.Reference.Rules.Rules.Release,
        RulesBasis = Kebab.Of(trace.Reference.Rules.Basis.ToString()),
        Events = trace.Reference.Events,
        LostEvents = trace.Reference.Tally.Lost,
        NotFollowed = trace.Reference.Tally.NotFollowed.Rows.ToDictionary(),
        Processes = trace.Reference.Tally.Processes,
        Scenario = trace.Scenario is Scenario scenario
            ? new ScenarioSummaryDocument(scenario.Purpose, scenario.Ops.Count)
            : null,
        Fidelity = Of(trace.Reference.Fidelity),
        Designs = [.. trace.Designs.Select(Of)],
    };

    public static ReplayDocument Of(string name, ReplayResult result) => new()
    {
        Schema = "verso-replay/1",
        Name = name,
        Grade = GradeText.Of(result.Grade),
        Source = result.Header.Source,
        Command = result.Header.Command,
        Kernel = result.Header.Kernel,
        Rules = result.Rules.Rules.Release,
        RulesBasis = Kebab.Of(result.Rules.Basis.ToString()),
        Events = result.Events,
        LostEvents = result.Tally.Lost,
        NotFollowed = result.Tally.NotFollowed.Rows.ToDictionary(),
        Processes = result.Tally.Processes,
        Calls = new CallsDocument
        {
            Compared = result.Calls.Compared,
            Skipped = result.Calls.Skipped,
            RefusedByError = result.Calls.Refused.ToDictionary(
                entry => EventText.ResultOf(-(long)entry.Key), entry => entry.Value),
            NotModelled = result.Calls.NotModelled,
            Mismatched = result.Calls.MismatchCount,
            MismatchedByCall = result.Calls.Mismatches.ToDictionary(
                entry => EventText.Name(entry.Key), entry => entry.Value),
            SearchDifferences = result.Work.SearchDifferences,
        },
        Design = Of(result),
        DistinctDifferences = result.Fidelity.DistinctDifferences,
        Differences = [.. result.Fidelity.Differences.Select(Of)],
    };

    internal static DesignDocument Of(ReplayResult result)
    {
        WorkFigures work = result.Work;
        return new DesignDocument
        {
            Name = result.Name,
            Fidelity = Of(result.Fidelity),
            Objects = result.Objects.ToDictionary(row => row.Name, row => new ObjectDocument(
                    row.Live,
                    row.Peak,
                    row.BytesPeak,
                    row.SizeBytes,
                    row.Allocated,
                    row.AllocatedAtomic,
                    row.FreedAfterGrace)),
            BytesWithStructs = result.BytesWithStructs,
            VmasPeak = result.VmasPeak,
            CallsFailedAtVmaLimit = result.Calls.FailedAtVmaLimit,
            Merges = new MergesDocument(
                work.MergesDone,
                MergeReasons.Of(work.MergesRefused).ToDictionary(reason => reason.Name, reason => reason.Count)),
            Ptes = new PtesDocument(work.PtesCopied, work.PtesWriteProtected, work.PtesZapped, work.PtesMoved),
            Walks = new WalksDocument(work.WalkCount, work.WalkVisited, work.WalkUseful, work.WalkVisitedUntilDone)
            {
                Anonymous = Of(work.Touched),
                File = Of(work.TouchedOfFiles),
                Untouched = Of(work.Untouched),
            },
            FramesPeak = result.FramesPeak,
            FramesCopied = work.FaultCopied,
            FramesReused = work.FaultReused,
            FramesFound = work.FaultFound,
            Own = result.Figures.ToDictionary(figure => figure.Name, figure => figure.Value),
            Locks = work.Locks.ToDictionary(entry => Kebab.Of(entry.Key.ToString()), entry => entry.Value.Taken),
            LockedWork = work.Locks.ToDictionary(entry => Kebab.Of(entry.Key.ToString()), entry => entry.Value.Work),
            ElapsedNanoseconds = result.Times?.Elapsed.Median,
            EngineNanoseconds = result.Times?.Engine.Median,
            EventsPerSecond = result.Times?.EventsPerSecond(result.Events),
            Times = result.Times is not ReplayTimes times ? null : new TimesDocument(
                times.Rounds, times.Elapsed.Least, times.Elapsed.Most, times.Engine.Least, times.Engine.Most),
        };
    }

    private static WalkTallyDocument? Of(in WalkTally walks) => walks.Count == 0
        ? null
        : new WalkTallyDocument(
            walks.Count, walks.Visited, walks.Useful, walks.VisitedUntilDone, walks.VisitedBy(0.5),
            walks.VisitedBy(0.99), walks.Most);

    private static FidelityDocument Of(FidelityResult fidelity) => Of(fidelity.All) with
    {
        Quiescent = Of(fidelity.Quiescent),
        Causes = fidelity.Causes.ToDictionary(
            entry => DifferenceText.Name(entry.Key), entry => entry.Value),
        Violations = fidelity.Verifications == 0 ? null : fidelity.Violations,
    };

    private static FidelityDocument Of(FidelityScore score) => new()
    {
        Vmas = Of(score.Vmas),
        AnonVmaGraph = Of(score.GraphVmas),
        AnonVmaNodes = Of(score.GraphNodes),
        Ranges = Of(score.Ranges),
        Checkpoints = score.Checkpoints,
    };

    private static AgreementDocument Of(Agreement agreement) => new(agreement.Matched, agreement.Total);

    private static DifferenceDocument Of(Difference difference) => new()
    {
        Event = difference.EventNumber,
        Mm = difference.Checkpoint.Mm,
        Start = JsonReport.Hex(difference.Start),
        Causes = [.. DifferenceText.Split(difference.Causes).Select(DifferenceText.Name)],
        Kernel = Of(difference.Kernels),
        Ours = Of(difference.Ours),
        History = [.. difference.History.Select(EventText.Line)],
    };

    private static VmaDocument? Of(VmaDescription? description) => description is null
        ? null
        : new VmaDocument(
            JsonReport.Hex(description.Vma.Start),
            JsonReport.Hex(description.Vma.End),
            JsonReport.Hex((ulong)description.Vma.Flags),
            (long)description.Vma.Pgoff,
            description.File,
            JsonReport.Hex(description.Vma.AnonVma),
            [.. description.Vma.Chain.Select(JsonReport.Hex)]);
}
