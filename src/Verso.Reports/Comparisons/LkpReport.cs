using System.Globalization;
using System.Text;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>
/// A comparison in the form of the 0-day robot's mails, at most 80 columns wide: the base design, the change in
/// percent, another design, and the metric. One table for each other design.
/// </summary>
/// <remarks>
/// <code>
///   anon-vma-chain  page-table-scan
/// ---------------- ---------------------------
///          %stddev     %change         %stddev
///              \          |                \
///       1234             -25.0%        926        vmas.peak
/// </code>
/// Figures of a replay are exact: there is no deviation to print. Where the base is 0 there is no percentage either,
/// and the difference itself is printed, as the robot does.
/// </remarks>
public static class LkpReport
{
    private const int NameWidth = 15;

    public static string Render(DesignComparison comparison, ComparisonChoice choice)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(choice);
        StringBuilder text = new();
        foreach (TraceComparison trace in comparison.Traces)
        {
            ReplayResult reference = trace.Designs.Contains(trace.Reference) ? trace.Reference : trace.Designs[0];
            IEnumerable<ReplayResult> others = trace.Designs.Where(result => result != reference);
            AppendOrigin(text, trace, choice);
            foreach (ReplayResult other in others.DefaultIfEmpty(reference))
            {
                AppendTable(text, choice, reference, other);
            }
        }

        return text.ToString();
    }

    private static void AppendOrigin(StringBuilder text, TraceComparison trace, ComparisonChoice choice)
    {
        text.Append(text.Length > 0 ? "\n" : "")
            .Append('=', 79).Append('\n')
            .Append(trace.Scenario is null ? "trace/kernel/grade/fidelity/rules:\n" : "scenario/what it is/rules:\n")
            .Append(Cut(
                trace.Scenario is not null ? $"  {Printable.Of(trace.Name)}"
                : $"  {Printable.Of(trace.Name)}/{Printable.Of(trace.Header.Kernel)}/{GradeText.Of(trace.Grade)}", 80))
            .Append('\n')
            .Append(Cut(
                "  " + (trace.Scenario is Scenario scenario ? ScenarioText.Phrase(scenario)
                : FidelityText.Phrase(trace.Reference.Fidelity)), 80)).Append('\n')
            .Append(Cut($"  rules of {RulesText.Of(trace.Reference.Rules)}", 80)).Append('\n');
        foreach ((string key, string value) in choice.Labels)
        {
            text.Append(Cut($"  {Printable.Of(key)}={Printable.Of(value)}", 80)).Append('\n');
        }

        if (trace.Header.Command.Length > 0)
        {
            text.Append(Cut($"  {Printable.Of(trace.Header.Command)}", 80)).Append('\n');
        }
    }

    private static void AppendTable(
        StringBuilder text, ComparisonChoice choice, ReplayResult left, ReplayResult right)
    {
        text.Append('\n')
            .Append($"{Cut(left.Name, NameWidth),16} {Cut(right.Name, 27)}\n")
            .Append("---------------- ---------------------------\n")
            .Append("         %stddev     %change         %stddev\n")
            .Append("             \\          |                \\\n");
        foreach ((Metric head, IReadOnlyList<Metric?> cells) in Metrics.Rows([left, right]))
        {
            long before = cells[0]?.Value ?? 0;
            long after = cells[1]?.Value ?? 0;
            bool isShown = choice.IsFull ? before != 0 || after != 0 : before != after || left == right;
            if (isShown && choice.IsChosen(head))
            {
                text.Append($"{Value(before, head.Unit),10}      {Change(before, after),11} ")
                    .Append($"{Value(after, head.Unit),10}        {Cut(Name(head), 34)}\n");
            }
        }
    }

    private static string Name(Metric metric) => metric.Unit switch
    {
        Unit.Nanoseconds => $"{metric.Key}.ms",
        Unit.PerSecond => $"{metric.Key}_per_second",
        _ => metric.Key,
    };

    private static string Change(long before, long after)
    {
        if (before == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"+{Significant(after)}");
        }

        double percent = 100.0 * (after - before) / before;
        return string.Create(CultureInfo.InvariantCulture, $"{percent:+0.0;-0.0;+0.0}%");
    }

    private static string Value(long value, Unit unit) => unit == Unit.Nanoseconds
        ? string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:F2}")
        : Significant(value);

    /// <summary>Up to ten digits, then powers of ten as the robot prints them: <c>1.234e+12</c>.</summary>
    private static string Significant(long value) => Math.Abs(value) < 10_000_000_000
        ? value.ToString(CultureInfo.InvariantCulture)
        : value.ToString("0.000e+00", CultureInfo.InvariantCulture);

    private static string Cut(string text, int width) => text.Length <= width ? text : $"{text[..(width - 1)]}~";
}
