using Verso.Lab.Replay;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>One figure of one replay, as every tabular format shows it.</summary>
/// <param name="Group">The heading it stands under in text.</param>
/// <param name="Label">Its name under that heading.</param>
/// <param name="Key">Its name where it stands alone: dotted, in kernel words.</param>
/// <param name="Value">The figure.</param>
/// <param name="Unit">What it counts.</param>
public sealed record Metric(string Group, string Label, string Key, long Value, Unit Unit = Unit.Count);

/// <summary>All figures of a replay, in one order for every format.</summary>
public static class Metrics
{
    /// <summary>The heading of what only one design counts.</summary>
    public const string OwnGroup = "of one design";

    private const string TimeGroup = "time";

    public static IReadOnlyList<Metric> Of(ReplayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Of(ResultDocuments.Of(result), [.. result.Figures.Select(figure => Figures.NameOf(figure))]);
    }

    /// <summary>The same of what was told of a replay: what its document has not is not among them.</summary>
    /// <param name="design">What was told.</param>
    /// <param name="ownNames">Names of what only this design counts, in order; null: as they are told.</param>
    public static IReadOnlyList<Metric> Of(DesignDocument design, IReadOnlyList<string>? ownNames = null)
    {
        ArgumentNullException.ThrowIfNull(design);
        List<Metric> all = [];
        AddVmas(all, design);
        AddObjects(all, design, "objects at the peak", "peak", row => row.Peak);
        AddObjects(all, design, "bytes at the peak", "bytesPeak", row => row.BytesPeak, Unit.Bytes);
        AddObjects(all, design, "allocations", "allocated", row => row.Allocated);
        AddObjects(
            all, design, "allocations under a spinlock", "allocatedAtomic", row => row.AllocatedAtomic, least: 1);
        AddObjects(all, design, "freed after a grace period", "freedAfterGrace", row => row.FreedAfterGrace, least: 1);
        AddPages(all, design);
        foreach ((string name, long taken) in design.Locks)
        {
            all.Add(new Metric("locks taken", name, $"locks.{name}", taken));
        }

        foreach ((string name, long held) in design.LockedWork)
        {
            all.Add(new Metric("steps under locks", name, $"lockedWork.{name}", held));
        }

        foreach (((string name, long value), int at) in design.Own.Select((own, at) => (own, at)))
        {
            all.Add(new Metric(OwnGroup, ownNames?[at] ?? name, $"own.{name.Replace(' ', '-')}", value));
        }

        if (design is { Times: TimesDocument times, ElapsedNanoseconds: long elapsed, EngineNanoseconds: long engine })
        {
            AddSpread(all, "elapsed", "elapsed", times.ElapsedLeastNanoseconds, elapsed, times.ElapsedMostNanoseconds);
            AddSpread(all, "engine alone", "engine", times.EngineLeastNanoseconds, engine, times.EngineMostNanoseconds);
            all.Add(new Metric(
                TimeGroup, "events a second", "events", design.EventsPerSecond ?? 0, Unit.PerSecond));
        }

        return all;
    }

    /// <summary>
    /// The metrics of several replays as rows: those of the first, then what only later ones have, in place.
    /// </summary>
    public static IReadOnlyList<(Metric Head, IReadOnlyList<Metric?> Cells)> Rows(
        IReadOnlyList<ReplayResult> results) =>
        Rows([.. results.Select(Of)]);

    /// <summary>The same of metrics.</summary>
    internal static IReadOnlyList<(Metric Head, IReadOnlyList<Metric?> Cells)> Rows(
        IReadOnlyList<IReadOnlyList<Metric>> results)
    {
        List<Dictionary<string, Metric>> columns = [.. results.Select(result => result.ToDictionary(m => m.Key))];
        List<Metric> heads = [];
        HashSet<string> known = [];
        foreach (Metric metric in results.SelectMany(result => result).Where(metric => known.Add(metric.Key)))
        {
            int last = heads.FindLastIndex(head => head.Group == metric.Group);
            heads.Insert(last < 0 ? heads.Count : last + 1, metric);
        }

        return [.. heads.Select(head =>
            (head, (IReadOnlyList<Metric?>)[.. columns.Select(column => column.GetValueOrDefault(head.Key))]))];
    }

    private static void AddSpread(List<Metric> all, string label, string key, long least, long median, long most)
    {
        all.Add(new Metric(TimeGroup, $"{label}, median", $"{key}.median", median, Unit.Nanoseconds));
        all.Add(new Metric(TimeGroup, $"{label}, least", $"{key}.least", least, Unit.Nanoseconds));
        all.Add(new Metric(TimeGroup, $"{label}, most", $"{key}.most", most, Unit.Nanoseconds));
    }

    private static void AddVmas(List<Metric> all, DesignDocument design)
    {
        all.Add(new Metric("VMAs", "at the peak", "vmas.peak", design.VmasPeak));
        all.Add(new Metric(
            "VMAs", "calls that failed at the limit", "calls.failedAtVmaLimit", design.CallsFailedAtVmaLimit));
        all.Add(new Metric("VMAs", "merges done", "merges.done", design.Merges.Done));
        foreach ((string reason, long count) in design.Merges.Refused)
        {
            all.Add(new Metric("VMAs", $"merges refused: {reason}", $"merges.refused.{reason}", count));
        }
    }

    private static void AddObjects(
        List<Metric> all,
        DesignDocument design,
        string group,
        string key,
        Func<ObjectDocument, long> of,
        Unit unit = Unit.Count,
        long least = 0)
    {
        foreach ((string name, ObjectDocument row) in design.Objects)
        {
            if (name != "page" && of(row) >= least)
            {
                all.Add(new Metric(group, name, $"objects.{name}.{key}", of(row), unit));
            }
        }
    }

    private static void AddPages(List<Metric> all, DesignDocument design)
    {
        const string Entries = "page-table entries";
        all.Add(new Metric(Entries, "copied by fork", "ptes.copied", design.Ptes.Copied));
        all.Add(new Metric(Entries, "write-protected", "ptes.writeProtected", design.Ptes.WriteProtected));
        all.Add(new Metric(Entries, "zapped", "ptes.zapped", design.Ptes.Zapped));
        all.Add(new Metric(Entries, "moved", "ptes.moved", design.Ptes.Moved));
        all.Add(new Metric("frames", "at the peak", "frames.peak", design.FramesPeak));
        all.Add(new Metric("frames", "copied on write", "frames.copied", design.FramesCopied));
        all.Add(new Metric("frames", "reused", "frames.reused", design.FramesReused));
        all.Add(new Metric("frames", "found in an object", "frames.found", design.FramesFound));
        WalksDocument walks = design.Walks;
        all.Add(new Metric("probe walks", "walks", "walks.count", walks.Count));
        all.Add(new Metric("probe walks", "candidates visited", "walks.visited", walks.Visited));
        all.Add(new Metric("probe walks", "useful", "walks.useful", walks.Useful));
        all.Add(new Metric("probe walks", "visited until done", "walks.visitedUntilDone", walks.VisitedUntilDone));
        AddWalks(all, "walks of anonymous pages", "walks.anonymous", walks.Anonymous);
        AddWalks(all, "walks of file pages", "walks.file", walks.File);
        AddWalks(all, "walks of anonymous pages long untouched", "walks.untouched", walks.Untouched);
    }

    private static void AddWalks(List<Metric> all, string group, string key, WalkTallyDocument? walks)
    {
        all.Add(new Metric(group, "walks", $"{key}.count", walks?.Count ?? 0));
        all.Add(new Metric(group, "candidates visited", $"{key}.visited", walks?.Visited ?? 0));
        all.Add(new Metric(group, "useful", $"{key}.useful", walks?.Useful ?? 0));
        all.Add(new Metric(group, "visited until done", $"{key}.visitedUntilDone", walks?.VisitedUntilDone ?? 0));
        all.Add(new Metric(group, "visited, median", $"{key}.median", walks?.Median ?? 0));
        all.Add(new Metric(group, "visited, 99 %", $"{key}.visitedBy99", walks?.By99 ?? 0));
        all.Add(new Metric(group, "visited, worst", $"{key}.most", walks?.Most ?? 0));
    }
}
