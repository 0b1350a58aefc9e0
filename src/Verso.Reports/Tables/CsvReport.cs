using System.Globalization;
using nietras.SeparatedValues;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Reports.Text;

namespace Verso.Reports.Tables;

/// <summary>
/// A comparison as CSV (RFC 4180, but lines end in LF): a line a figure, so that columns never change. Grade and
/// fidelity stand on every line.
/// </summary>
public static class CsvReport
{
    public static string Render(DesignComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        using SepWriter writer = Sep.New(',').Writer(options => options with { Escape = true }).ToText();
        foreach (TraceComparison trace in comparison.Traces)
        {
            foreach (ReplayResult result in trace.Designs)
            {
                foreach (Metric metric in Metrics.Of(result))
                {
                    Append(writer, trace, result.Name, metric);
                }
            }
        }

        return writer.ToString();
    }

    private static void Append(SepWriter writer, TraceComparison trace, string design, Metric metric)
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
        row["unit"].Set(Unit(metric.Unit));
        row["value"].Set(Number(metric.Value));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Unit(MetricUnit unit) => unit switch
    {
        MetricUnit.Bytes => "bytes",
        MetricUnit.Nanoseconds => "ns",
        MetricUnit.PerSecond => "1/s",
        _ => "count",
    };
}
