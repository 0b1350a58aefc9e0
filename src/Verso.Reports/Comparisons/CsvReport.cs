using System.Globalization;
using nietras.SeparatedValues;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>
/// A comparison as CSV (RFC 4180, but lines end in LF): a line a figure, so that columns never change. Grade and
/// fidelity stand on every line.
/// </summary>
public static class CsvReport
{
    public static string Render(DesignComparison comparison, ComparisonChoice choice)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(choice);
        using SepWriter writer = Sep.New(',').Writer(options => options with { Escape = true }).ToText();
        foreach (TraceComparison trace in comparison.Traces)
        {
            HashSet<string> chosen = choice.OnlyDifferent
                ? [.. choice.Rows(trace).Select(row => row.Head.Key)]
                : [.. trace.Designs.SelectMany(Metrics.Of).Where(choice.IsChosen).Select(metric => metric.Key)];
            foreach (ReplayResult result in trace.Designs)
            {
                foreach (Metric metric in Metrics.Of(result).Where(metric => chosen.Contains(metric.Key)))
                {
                    Append(writer, trace, choice, result.Name, metric);
                }
            }
        }

        return writer.ToString();
    }

    private static void Append(
        SepWriter writer, TraceComparison trace, ComparisonChoice choice, string design, Metric metric)
    {
        FidelityScore score = trace.Reference.Fidelity.All;
        using SepWriter.Row row = writer.NewRow();
        row["trace"].Set(Printable.Of(trace.Name));
        row["sha256"].Set(trace.Sha256);
        row["grade"].Set(GradeText.Of(trace.Grade));
        row["vmas_matched"].Set(Number(score.Vmas.Matched));
        row["vmas_total"].Set(Number(score.Vmas.Total));
        row["graph_matched"].Set(Number(score.GraphVmas.Matched));
        row["graph_total"].Set(Number(score.GraphVmas.Total));
        row["design"].Set(design);
        row["metric"].Set(metric.Key);
        row["unit"].Set(NameOf(metric.Unit));
        row["value"].Set(Number(metric.Value));
        foreach ((string key, string value) in choice.Labels)
        {
            row[$"label_{Printable.Of(key)}"].Set(Printable.Of(value));
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string NameOf(Unit unit) => unit switch
    {
        Unit.Bytes => "bytes",
        Unit.Nanoseconds => "ns",
        Unit.PerSecond => "1/s",
        _ => "count",
    };
}
