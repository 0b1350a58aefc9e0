using System.Globalization;
using Verso.Lab.Comparison;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Lab.Locks;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Studies;

/// <summary>All that a report of one recording, or of one scenario, is made of.</summary>
/// <param name="Trace">It through the designs, with their timelines.</param>
public sealed record RecordingStudy(TraceComparison Trace)
{
    /// <summary>Moments that are looked at besides the one with the most VMAs.</summary>
    private const int Moments = 5;

    /// <summary>The first moment that is looked at; 0: there is none.</summary>
    private long Moment { get; init; }

    /// <summary>Its largest address space at some moments, the fullest first; none where nothing is mapped.</summary>
    public IReadOnlyList<(string Name, SpaceExplanation Space)> Spaces { get; init; } = [];

    /// <summary>The graph of all address spaces at those moments.</summary>
    public IReadOnlyList<(string Name, FamilyGraph Graph)> Graphs { get; init; } = [];

    /// <summary>What each design has, at the first of those moments; none where nothing is mapped.</summary>
    public IReadOnlyList<DesignStructure> Structures { get; init; } = [];

    /// <summary>The reference's locks by owner; null: nobody counted them.</summary>
    public LockTally? Locks { get; init; }

    /// <summary>Studies recordings and scenarios: each through every design, and the reference once more.</summary>
    /// <param name="inputs">The recordings and scenarios.</param>
    /// <param name="designs">The designs, in the order of the result.</param>
    /// <param name="template">Options of replays; the design in them is replaced.</param>
    /// <param name="jobs">Machines that run at once; at least 1.</param>
    /// <param name="progress">Told how far the designs are; null if nobody looks.</param>
    /// <param name="cancellation">Ends it.</param>
    public static IReadOnlyList<RecordingStudy> Of(
        IReadOnlyList<TraceInput> inputs,
        IReadOnlyList<DesignChoice> designs,
        ReplayOptions template,
        int jobs,
        ReplayProgress? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(template);
        DesignComparison comparison = DesignComparison.Run(
            inputs, designs, template with { Timeline = TimelineKeeping.On }, jobs, progress, cancellation);
        return
        [
            .. comparison.Traces.Select((trace, at) =>
            {
                RecordingStudy study = trace.Scenario is Scenario scenario
                    ? Of(trace, scenario, template, cancellation)
                    : Of(trace, inputs[at], template, cancellation);
                return study with
                {
                    Structures = StructuresOf(inputs[at], designs, template, study.Moment, jobs, cancellation),
                };
            }),
        ];
    }

    /// <summary>Every design plays up to a moment once more, as many at once as before.</summary>
    private static DesignStructure[] StructuresOf(
        TraceInput input,
        IReadOnlyList<DesignChoice> designs,
        ReplayOptions template,
        long moment,
        int jobs,
        CancellationToken cancellation)
    {
        DesignStructure[] structures = new DesignStructure[moment == 0 ? 0 : designs.Count];
        MachinesAtOnce.Run(
            structures.Length,
            jobs,
            template.MemoryLimitBytes,
            (at, limitBytes) =>
            {
                ReplayOptions options = template with
                {
                    Design = designs[at],
                    MemoryLimitBytes = limitBytes,
                    ProbeInterval = 0,
                };
                structures[at] = input.PlayTo(moment, options, player =>
                    DesignStructure.Of(designs[at].Name, player.Machine, player.Spaces), cancellation);
            },
            cancellation);
        return structures;
    }

    /// <summary>
    /// A scenario is looked at after its last step; if nothing is left then, after the last that left some.
    /// </summary>
    private static RecordingStudy Of(
        TraceComparison trace, Scenario scenario, ReplayOptions template, CancellationToken cancellation)
    {
        long last = trace.Reference.Timeline!.Samples.LastOrDefault(sample => sample.Vmas > 0).Event;
        if (last == 0)
        {
            return new RecordingStudy(trace);
        }

        RecordedMoment moment = RecordedMoment.Of(scenario, template, last, cancellation);
        string name = string.Create(CultureInfo.InvariantCulture, $"after step {last:N0}");
        return new RecordingStudy(trace)
        {
            Spaces =
            [
                .. moment.Snapshot.Processes.Where(process => process.Image.Vmas.Count > 0)
                    .OrderByDescending(process => process.Image.Vmas.Count)
                    .Select(process => (Name: $"{process.Command} {name}",
                        Space: SnapshotStudy.Explain(moment.Snapshot, process, trace.Reference.Rules.Rules)))
                    .Where(each => each.Space is not null).Select(each => (each.Name, each.Space!)),
            ],
            Graphs = [(name, FamilyGraph.Of(moment.Snapshot))],
            Moment = last,
        };
    }

    private static RecordingStudy Of(
        TraceComparison trace, TraceInput input, ReplayOptions template, CancellationToken cancellation)
    {
        LockTally locks = new();
        Timeline timeline = trace.Reference.Timeline!;
        long fullest = RecordedMoment.Find(input, null, null, cancellation);
        IReadOnlyList<RecordedMoment> moments = RecordedMoment.Of(
            input, template with { Locks = locks }, Events(timeline, fullest), cancellation);
        IEnumerable<RecordedMoment> fullestFirst = moments.OrderBy(moment => moment.Event != fullest);
        return new RecordingStudy(trace)
        {
            Locks = locks,
            Spaces =
            [
                .. fullestFirst.Select(moment => (NameOf(moment, fullest), Space: Explain(moment, trace)))
                    .Where(each => each.Space is not null).Select(each => (each.Item1, each.Space!)),
            ],
            Graphs =
            [
                .. fullestFirst.Where(moment => moment.Snapshot.Processes.Count > 0)
                    .Select(moment => (NameOf(moment, fullest), FamilyGraph.Of(moment.Snapshot))),
            ],
            Moment = fullest,
        };
    }

    /// <summary>Some moments that were sampled, and the fullest, which may lie between two of them.</summary>
    private static long[] Events(Timeline timeline, long fullest)
    {
        int count = timeline.Samples.Count;
        return count == 0 || fullest == 0 ? []
            : [.. Enumerable.Range(1, Moments).Select(at => timeline.Samples[at * (count - 1) / (Moments + 1)].Event)
                .Append(fullest).Distinct().Order()];
    }

    private static string NameOf(RecordedMoment moment, long fullest) =>
        string.Create(CultureInfo.InvariantCulture, $"event {moment.Event:N0}")
        + (moment.Event == fullest ? ", the most VMAs" : "");

    /// <summary>The largest address space of a moment; null: none, or none that a kernel has.</summary>
    private static SpaceExplanation? Explain(RecordedMoment moment, TraceComparison trace)
    {
        ProcessGraph? largest = moment.Snapshot.Processes.MaxBy(process => process.Image.Vmas.Count);
        return largest is null || largest.Image.Vmas.Count == 0 ? null
            : SnapshotStudy.Explain(
                moment.Snapshot,
                largest,
                trace.Reference.Rules.Rules,
                moment.Callers.GetValueOrDefault(largest.Pid));
    }
}
