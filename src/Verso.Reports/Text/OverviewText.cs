using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;

namespace Verso.Reports.Text;

/// <summary>The figures that designs differ in most, a line a design: what a comparison begins with.</summary>
internal static class OverviewText
{
    /// <summary>Checks of a merge that the design answers for, page offsets of files among them.</summary>
    private const MergeTests OfTheDesign =
        MergeTests.AnonVma | MergeTests.ForkedChain | MergeTests.PageOffset | MergeTests.SharedPages;

    private static readonly CountedLock[] s_locks =
        [CountedLock.ReverseMapWrite, CountedLock.ReverseMapRead, CountedLock.PerPage];

    /// <summary>Calls that failed with as many VMAs as there may be: a column where there were such.</summary>
    private static readonly string[] s_atLimit = ["failed"];

    /// <summary>Of mapped ranges, those that the kernel had: a column where a design has not all of them.</summary>
    private static readonly string[] s_ranges = ["ranges"];

    internal static void Append(StringBuilder text, TraceComparison trace, int width, Palette palette)
    {
        bool anyAtLimit = trace.Designs.Any(design => design.Calls.FailedAtVmaLimit > 0);
        bool anyOtherRanges = trace.Designs.Any(design => !design.Fidelity.All.Ranges.IsFull);
        TextTable table = new(
        [
            "rmap", "VMAs", "together", .. anyAtLimit ? s_atLimit : [], "refused", "locks", "rcu", "visits",
            .. anyOtherRanges ? s_ranges : [],
        ]);
        foreach (ReplayResult design in trace.Designs)
        {
            long own = design.OwnObjects.Sum(row => row.BytesPeak);
            table.Row(
                design.Name,
                [
                    Figures.Bytes(own),
                    Figures.Count(design.VmasPeak),
                    Figures.Bytes(design.BytesWithStructs),
                    .. anyAtLimit ? [Figures.Count(design.Calls.FailedAtVmaLimit)] : (string[])[],
                    Figures.Count(design.Work.MergesRefused.Sum(
                        each => (each.Key & OfTheDesign) != 0 ? each.Value : 0)),
                    Figures.Count(s_locks.Sum(each => design.Work.Locks[each].Taken)),
                    Figures.Count(design.Work.Locks[CountedLock.Rcu].Work),
                    Visits(design.Work),
                    .. anyOtherRanges ? [Ranges(design)] : (string[])[],
                ]);
        }

        text.Append(table.Render(width, palette))
            .Append("  peak bytes; together: with VMAs, struct fields; rcu: steps; visits: a walk's\n");
        AppendVerification(text, trace, palette);
    }

    private static string Ranges(ReplayResult design) =>
        design.Fidelity.All.Checkpoints == 0 ? "-" : Figures.Percent(design.Fidelity.All.Ranges);

    private static string Visits(WorkFigures work) => work.WalkCount == 0 ? "-"
        : work.VisitsPerWalk.ToString("N1", CultureInfo.InvariantCulture);

    private static void AppendVerification(StringBuilder text, TraceComparison trace, Palette palette)
    {
        ReplayResult[] verified = [.. trace.Designs.Where(design => design.Fidelity.Verifications > 0)];
        ReplayResult[] violated = [.. verified.Where(design => design.Fidelity.Violations.Count > 0)];
        if (verified.Length > 0)
        {
            text.Append("  verified   ").Append(violated.Length == 0
                ? palette.Good("no violation in any design")
                : palette.Bad($"violated: {string.Join(", ", violated.Select(design => design.Name))}")).Append('\n');
        }

        foreach (ReplayResult design in violated.Where(design => design != trace.Reference))
        {
            foreach (string violation in design.Fidelity.Violations)
            {
                text.Append($"             {design.Name}: {violation}\n");
            }
        }
    }
}
