using System.Globalization;
using System.Text;
using Verso.Engine.Vmas;
using Verso.Lab.Merging;
using Verso.Lab.Replay;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>A merge trace as text: one line an attempt, then the counts.</summary>
public static class MergeText
{
    /// <summary>Every attempt, a blank line, the summary.</summary>
    public static string Render(MergeTrace trace, ReplayResult result, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder text = new();
        foreach (MergeAttempt attempt in trace.Attempts)
        {
            text.Append(Line(attempt)).Append('\n');
        }

        text.Append(trace.Attempts.Count > 0 ? "\n" : "");
        MergeSummary summary = new(trace);
        AppendCounts(text, summary, result, palette);
        if (summary.Repairable > 0)
        {
            text.Append('\n').Append(SplitTable(summary).Render(width, palette));
        }

        return text.ToString();
    }

    /// <summary>
    /// <c>#12 mm3 mprotect 0x7f..-0x7f.. upper: refused by flags, all failed: flags, anon-vma</c>
    /// </summary>
    public static string Line(MergeAttempt attempt)
    {
        MergeTrial trial = attempt.Trial;
        MergeVerdict verdict = trial.Verdict;
        string found = verdict.CanMerge ? "passed"
            : verdict.First == verdict.Failed ? $"refused by {MergeReasons.Name(verdict.First)}"
            : $"refused by {MergeReasons.Name(verdict.First)}, all failed: {Names(verdict.Failed, ", ")}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"#{attempt.EventNumber} mm{attempt.Mm} {EventText.Name(attempt.Kind)} 0x{trial.Start:x}-0x{trial.End:x} ")
            + $"{Side(trial.Side)}: {found}";
    }

    /// <summary>Which boundary, as text and JSON have it.</summary>
    public static string Side(MergeSide side) => Kebab.Of(side.ToString());

    /// <summary>What became of an attempt, as text and JSON have it.</summary>
    public static string Repair(MergeRepair repair) => Kebab.Of(repair.ToString());

    /// <summary>All tests of a set, in kernel order.</summary>
    public static string Names(MergeTests tests, string separator) =>
        string.Join(separator, Split(tests).Select(MergeReasons.Name));

    /// <summary>The single tests of a set, in kernel order.</summary>
    public static IEnumerable<MergeTests> Split(MergeTests tests)
    {
        for (int bits = (int)tests; bits != 0; bits &= bits - 1)
        {
            yield return (MergeTests)(bits & -bits);
        }
    }

    private static void AppendCounts(StringBuilder text, MergeSummary summary, ReplayResult result, Palette palette)
    {
        List<(string Label, long? Count)> rows =
        [
            ("merge attempts (one boundary each)", null),
            ("total", summary.Attempts),
            ("passed", summary.Passed),
            ("refused", summary.Refused),
            ("merges done", result.Work.MergesDone),
        ];
        AddRefusals(rows, "refused by the first failed check", summary.RefusedByFirst);
        AddRefusals(rows, "refused by all failed checks", summary.RefusedByAll);
        int labels = rows.Max(row => row.Count is null ? 0 : row.Label.Length);
        int figures = rows.Max(row => row.Count is { } count ? Figures.Count(count).Length : 0);
        foreach ((string label, long? count) in rows)
        {
            text.Append(count is { } figure
                ? $"  {label.PadRight(labels)}  {Figures.Count(figure).PadLeft(figures)}\n"
                : palette.Bold(label) + "\n");
        }
    }

    private static void AddRefusals(
        List<(string Label, long? Count)> rows, string heading, SortedDictionary<MergeTests, long> refused)
    {
        if (refused.Count > 0)
        {
            rows.Add((heading, null));
            rows.AddRange(refused.Select(entry => (Names(entry.Key, ", "), (long?)entry.Value)));
        }
    }

    private static TextTable SplitTable(MergeSummary summary)
    {
        MergeRepair[] repairs = Enum.GetValues<MergeRepair>();
        TextTable table = new(["total", .. repairs.Select(Repair)]);
        table.Heading($"anonymous memory refused for these checks alone, and what {MergeTrace.RepairingDesign} does");
        foreach (MergeTests reason in MergeSummary.RepairableReasons)
        {
            table.Row(
                Names(reason, " and ") + (Split(reason).Count() == 1 ? " alone" : ""),
                [
                    Figures.Count(summary.Only(reason)),
                    .. repairs.Select(repair => Figures.Count(summary.Only(reason, repair))),
                ]);
        }

        table.Row(
            "total",
            [
                Figures.Count(summary.Repairable),
                .. repairs.Select(repair => Figures.Count(summary.RepairableThat(repair))),
            ]);
        return table;
    }
}
