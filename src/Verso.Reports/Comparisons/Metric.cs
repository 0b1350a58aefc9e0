using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Lab.Words;
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
        List<Metric> all = [];
        WorkFigures work = result.Work;
        AddVmas(all, result);
        foreach (ObjectFigures row in result.Objects.Where(row => row.Name != "page"))
        {
            all.Add(new Metric("objects at the peak", row.Name, $"objects.{row.Name}.peak", row.Peak));
        }

        foreach (ObjectFigures row in result.Objects.Where(row => row.Name != "page"))
        {
            all.Add(new Metric(
                "bytes at the peak", row.Name, $"objects.{row.Name}.bytesPeak", row.BytesPeak, Unit.Bytes));
        }

        foreach (ObjectFigures row in result.Objects.Where(row => row.Name != "page"))
        {
            all.Add(new Metric("allocations", row.Name, $"objects.{row.Name}.allocated", row.Allocated));
        }

        AddAtomic(all, result);
        AddGrace(all, result);
        AddPages(all, result);
        foreach ((CountedLock type, (long taken, _)) in work.Locks)
        {
            string name = Kebab.Of(type.ToString());
            all.Add(new Metric("locks taken", name, $"locks.{name}", taken));
        }

        foreach ((CountedLock type, (_, long held)) in work.Locks)
        {
            string name = Kebab.Of(type.ToString());
            all.Add(new Metric("steps under locks", name, $"lockedWork.{name}", held));
        }

        foreach (DesignFigure figure in result.Figures)
        {
            all.Add(new Metric(OwnGroup, Figures.NameOf(figure), $"own.{figure.Name.Replace(' ', '-')}", figure.Value));
        }

        if (result.Times is ReplayTimes times)
        {
            AddTimes(all, result, times);
        }

        return all;
    }

    /// <summary>
    /// The metrics of several replays as rows: those of the first, then what only later ones have, in place.
    /// </summary>
    public static IReadOnlyList<(Metric Head, IReadOnlyList<Metric?> Cells)> Rows(IReadOnlyList<ReplayResult> results)
    {
        List<Dictionary<string, Metric>> columns = [.. results.Select(result => Of(result).ToDictionary(m => m.Key))];
        List<Metric> heads = [];
        foreach (Metric metric in results.SelectMany(Of))
        {
            if (heads.Exists(head => head.Key == metric.Key))
            {
                continue;
            }

            int last = heads.FindLastIndex(head => head.Group == metric.Group);
            heads.Insert(last < 0 ? heads.Count : last + 1, metric);
        }

        return [.. heads.Select(head =>
            (head, (IReadOnlyList<Metric?>)[.. columns.Select(column => column.GetValueOrDefault(head.Key))]))];
    }

    private static void AddTimes(List<Metric> all, ReplayResult result, ReplayTimes times)
    {
        AddSpread(all, "elapsed", "elapsed", times.Elapsed);
        AddSpread(all, "engine alone", "engine", times.Engine);
        all.Add(new Metric(
            TimeGroup, "events a second", "events", times.EventsPerSecond(result.Events), Unit.PerSecond));
    }

    private static void AddSpread(List<Metric> all, string label, string key, Spread spread)
    {
        all.Add(new Metric(TimeGroup, $"{label}, median", $"{key}.median", spread.Median, Unit.Nanoseconds));
        all.Add(new Metric(TimeGroup, $"{label}, least", $"{key}.least", spread.Least, Unit.Nanoseconds));
        all.Add(new Metric(TimeGroup, $"{label}, most", $"{key}.most", spread.Most, Unit.Nanoseconds));
    }

    private static void AddVmas(List<Metric> all, ReplayResult result)
    {
        WorkFigures work = result.Work;
        all.Add(new Metric("VMAs", "at the peak", "vmas.peak", result.VmasPeak));
        all.Add(new Metric(
            "VMAs", "calls that failed at the limit", "calls.failedAtVmaLimit", result.Calls.FailedAtVmaLimit));
        all.Add(new Metric("VMAs", "merges done", "merges.done", work.MergesDone));
        foreach (MergeReason reason in MergeReasons.Of(work.MergesRefused))
        {
            all.Add(new Metric(
                "VMAs", $"merges refused: {reason.Name}", $"merges.refused.{reason.Name}", reason.Count));
        }
    }

    private static void AddAtomic(List<Metric> all, ReplayResult result)
    {
        foreach (ObjectFigures row in result.Objects.Where(row => row.AllocatedAtomic > 0))
        {
            all.Add(new Metric(
                "allocations under a spinlock", row.Name, $"objects.{row.Name}.allocatedAtomic", row.AllocatedAtomic));
        }
    }

    private static void AddGrace(List<Metric> all, ReplayResult result)
    {
        foreach (ObjectFigures row in result.Objects.Where(row => row.FreedAfterGrace > 0))
        {
            all.Add(new Metric(
                "freed after a grace period", row.Name, $"objects.{row.Name}.freedAfterGrace", row.FreedAfterGrace));
        }
    }

    private static void AddPages(List<Metric> all, ReplayResult result)
    {
        WorkFigures work = result.Work;
        all.Add(new Metric("page-table entries", "copied by fork", "ptes.copied", work.PtesCopied));
        all.Add(new Metric("page-table entries", "write-protected", "ptes.writeProtected", work.PtesWriteProtected));
        all.Add(new Metric("page-table entries", "zapped", "ptes.zapped", work.PtesZapped));
        all.Add(new Metric("page-table entries", "moved", "ptes.moved", work.PtesMoved));
        all.Add(new Metric("frames", "at the peak", "frames.peak", result.FramesPeak));
        all.Add(new Metric("frames", "copied on write", "frames.copied", work.FaultCopied));
        all.Add(new Metric("frames", "reused", "frames.reused", work.FaultReused));
        all.Add(new Metric("frames", "found in an object", "frames.found", work.FaultFound));
        all.Add(new Metric("probe walks", "walks", "walks.count", work.WalkCount));
        all.Add(new Metric("probe walks", "candidates visited", "walks.visited", work.WalkVisited));
        all.Add(new Metric("probe walks", "useful", "walks.useful", work.WalkUseful));
        all.Add(new Metric("probe walks", "visited until done", "walks.visitedUntilDone", work.WalkVisitedUntilDone));
        AddWalks(all, "walks of anonymous pages", "walks.anonymous", work.Touched);
        AddWalks(all, "walks of file pages", "walks.file", work.TouchedOfFiles);
        AddWalks(all, "walks of anonymous pages long untouched", "walks.untouched", work.Untouched);
    }

    private static void AddWalks(List<Metric> all, string group, string key, in WalkTally walks)
    {
        all.Add(new Metric(group, "walks", $"{key}.count", walks.Count));
        all.Add(new Metric(group, "candidates visited", $"{key}.visited", walks.Visited));
        all.Add(new Metric(group, "useful", $"{key}.useful", walks.Useful));
        all.Add(new Metric(group, "visited until done", $"{key}.visitedUntilDone", walks.VisitedUntilDone));
        all.Add(new Metric(group, "visited, median", $"{key}.median", walks.VisitedBy(0.5)));
        all.Add(new Metric(group, "visited, 99 %", $"{key}.visitedBy99", walks.VisitedBy(0.99)));
        all.Add(new Metric(group, "visited, worst", $"{key}.most", walks.Most));
    }
}
