using System.Globalization;
using System.Text;
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
    private const string Header =
        "trace,sha256,grade,vmas_matched,vmas_total,graph_matched,graph_total,design,metric,unit,value\n";

    public static string Render(DesignComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        StringBuilder text = new(Header);
        foreach (TraceComparison trace in comparison.Traces)
        {
            FidelityScore score = trace.Reference.Fidelity.All;
            string prefix = string.Create(
                CultureInfo.InvariantCulture,
                $"{Field(trace.Name)},{trace.Sha256},{Field(GradeText.Of(trace.Grade))},{score.Vmas.Matched},"
                    + $"{score.Vmas.Total},{score.GraphVmas.Matched},{score.GraphVmas.Total}");
            foreach (ReplayResult result in trace.Designs)
            {
                foreach (Metric metric in Metrics.Of(result))
                {
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"{prefix},{Field(result.Name)},{metric.Key},{Unit(metric.Unit)},{metric.Value}\n");
                }
            }
        }

        return text.ToString();
    }

    private static string Unit(MetricUnit unit) => unit switch
    {
        MetricUnit.Bytes => "bytes",
        MetricUnit.Nanoseconds => "ns",
        MetricUnit.PerSecond => "1/s",
        _ => "count",
    };

    private static string Field(string value) => value.AsSpan().ContainsAny(",\"\n\r")
        ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : value;
}
