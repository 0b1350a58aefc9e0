using Verso.Lab.Replay;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>How figures grew while the recorded programs ran, design by design.</summary>
internal static class TimelineView
{
    private const double NanosecondsPerSecond = 1e9;

    private static readonly Column[] s_moments =
        [new("event", "event", Unit.Count), new("seconds", "seconds", Unit.Seconds)];

    /// <summary>A scenario has no clock.</summary>
    private static readonly Column[] s_steps =
        [new("step", "step", Unit.Count), new("seconds", "seconds", Unit.Seconds)];

    /// <summary>The section; null where nothing was sampled.</summary>
    internal static Section? Of(IReadOnlyList<ReplayResult> designs, string prefix)
    {
        ReplayResult[] sampled = [.. designs.Where(design => design.Timeline?.Samples.Count > 1)];
        if (sampled.Length == 0)
        {
            return null;
        }

        int most = sampled.Max(design => design.Timeline!.Samples.Max(sample => sample.VmasOfLargest));
        int limit = sampled[0].Header.MaxMapCount;
        Chart vmas = Measure(sampled, $"{prefix}vmas-over-time", "VMAs of the largest address space",
            sample => sample.VmasOfLargest, Unit.Count) with
        {
            Limit = limit > 0 ? ("vm.max_map_count", limit) : null,
            Description = $"The largest address space had {Figures.Plural(most, "VMA", "VMAs")} at most; a process "
                + $"may have {Figures.Count(limit)}.",
        };
        return new Section($"{prefix}time", sampled[0].Scenario is null ? "Over time" : "Over its steps",
        [
            vmas,
            Measure(sampled, $"{prefix}all-vmas-over-time", "VMAs of all address spaces", s => s.Vmas, Unit.Count),
            Measure(sampled, $"{prefix}rmap-over-time", "Bytes of the reverse map", s => s.OwnBytes.Sum(), Unit.Bytes),
            ByType(sampled, prefix),
            Measure(sampled, $"{prefix}frames-over-time", "Frames in use", s => s.Frames, Unit.Count),
            Measure(sampled, $"{prefix}refused-over-time", "Merges refused until then", s => s.Refused.Values.Sum(),
                Unit.Count),
            ByReason(sampled, prefix),
        ]);
    }

    private static Chart Measure(
        ReplayResult[] designs, string id, string title, Func<TimelineSample, long> of, Unit unit)
    {
        Table table = Series(
            id, title, unit, designs[0],
            designs.Select(design => (design.Name, (Func<int, long>)(at => of(design.Timeline!.Samples[at])))));
        (string Design, long Most)[] order =
        [
            .. designs.Select(design => (design.Name, design.Timeline!.Samples.Max(of))).OrderBy(each => each.Item2),
        ];
        return new Chart(id, title, ChartKind.Lines, [table])
        {
            Description = order[0].Most == order[^1].Most
                ? (AreSame(designs, of) ? "The same in every design: "
                    : "In every design, though not at the same time: ") + $"{Shown(order[0].Most, unit)} at most."
                : $"At most {Shown(order[0].Most, unit)} in {order[0].Design}, {Shown(order[^1].Most, unit)} in "
                    + $"{order[^1].Design}.",
        };
    }

    private static bool AreSame(ReplayResult[] designs, Func<TimelineSample, long> of) => designs.All(design =>
        design.Timeline!.Samples.Select(of).SequenceEqual(designs[0].Timeline!.Samples.Select(of)));

    /// <summary>A row a moment: the event, the time, and a number for each line.</summary>
    private static Table Series(
        string id,
        string title,
        Unit unit,
        ReplayResult sampled,
        IEnumerable<(string Name, Func<int, long> At)> lines)
    {
        bool isTimed = sampled.Scenario is null;
        (string Name, Func<int, long> At)[] all = [.. lines];
        return new Table(
            id,
            title,
            [.. isTimed ? s_moments : s_steps, .. all.Select(line => new Column(line.Name, line.Name, unit))],
            [
                .. sampled.Timeline!.Samples.Select((sample, at) => (IReadOnlyList<Cell>)
                    [sample.Event, isTimed ? Seconds(sample) : Cell.None, .. all.Select(line => Cell.Of(line.At(at)))]),
            ]);
    }

    private static Chart ByType(ReplayResult[] designs, string prefix)
    {
        string id = $"{prefix}rmap-by-type";
        IEnumerable<Table> tables = designs.Select(design =>
        {
            Timeline timeline = design.Timeline!;
            return Series(
                $"{id}-{Slug.Of(design.Name)}", design.Name, Unit.Bytes, design,
                Enumerable.Range(0, timeline.ObjectTypes.Count)
                    .Where(type => timeline.Samples.Any(sample => sample.OwnBytes[type] > 0))
                    .Select(type => (timeline.ObjectTypes[type],
                        (Func<int, long>)(at => timeline.Samples[at].OwnBytes[type]))));
        }).Where(table => table.Columns.Count > s_moments.Length);
        return new Chart(id, "Bytes of the reverse map by type", ChartKind.Lines, [.. tables.DefaultIfEmpty(Empty(id))])
        {
            Choice = "design",
            Description = "What the bytes of each design are made of.",
        };
    }

    private static Chart ByReason(ReplayResult[] designs, string prefix)
    {
        string id = $"{prefix}refused-by-reason";
        IEnumerable<Table> tables = designs.Select(design =>
        {
            IReadOnlyList<TimelineSample> samples = design.Timeline!.Samples;
            return Series(
                $"{id}-{Slug.Of(design.Name)}", design.Name, Unit.Count, design,
                samples.SelectMany(sample => sample.Refused.Keys).Distinct().Order()
                    .Select(reason => (MergeReasons.Name(reason),
                        (Func<int, long>)(at => samples[at].Refused.GetValueOrDefault(reason)))));
        });
        return new Chart(id, "Merges refused until then, by reason", ChartKind.Lines, [.. tables])
        {
            Choice = "design",
            Description = "Attempts that a test of the kernel refused, each by the first test that did.",
        };
    }

    private static Table Empty(string id) => new(id, "no design", s_moments, []);

    private static Cell Seconds(TimelineSample sample) =>
        Math.Round(sample.Nanoseconds / NanosecondsPerSecond, 3, MidpointRounding.ToEven);

    private static string Shown(long value, Unit unit) =>
        unit == Unit.Bytes ? Figures.Bytes(value) : Figures.Count(value);
}
