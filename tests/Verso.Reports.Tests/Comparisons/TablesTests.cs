using System.Globalization;
using nietras.SeparatedValues;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Reports.Comparisons;

namespace Verso.Reports.Tests.Comparisons;

/// <summary>CSV and the table of the 0-day robot say the figures of a comparison.</summary>
public sealed class TablesTests
{
    private const int Columns = 80;

    private static ReplayResult[] Designs => [.. Example.Trace.Designs];

    [Fact]
    public void EveryKeyIsThereOnce() => Assert.All(Designs, design =>
    {
        IReadOnlyList<Metric> all = Metrics.Of(design);
        Assert.Equal(all.Count, all.Select(metric => metric.Key).Distinct().Count());
        Assert.Equal(design.VmasPeak, all.Single(metric => metric.Key == "vmas.peak").Value);
        Assert.Equal(design.Figures.Count, all.Count(metric => metric.Group == Metrics.OwnGroup));
    });

    [Fact]
    public void RowsHaveEveryMetricOfEveryDesign()
    {
        IReadOnlyList<(Metric Head, IReadOnlyList<Metric?> Cells)> rows = Metrics.Rows(Designs);
        for (int column = 0; column < Designs.Length; column++)
        {
            Assert.Equal(
                Metrics.Of(Designs[column]).OrderBy(metric => metric.Key, StringComparer.Ordinal),
                rows.Select(row => row.Cells[column]).OfType<Metric>().OrderBy(metric => metric.Key, StringComparer.Ordinal));
        }

        // Each heading stands once.
        string[] groups = [.. rows.Select(row => row.Head.Group)];
        Assert.Equal(groups.Distinct().Count(), groups.Where((group, at) => at == 0 || groups[at - 1] != group).Count());
    }

    [Fact]
    public void CsvIsReadBack()
    {
        using SepReader reader = Sep.New(',').Reader(options => options with { Unescape = true })
            .FromText(CsvReport.Render(Example.Comparison, ComparisonChoice.Summary));
        List<(string, string, long)> read = [];
        foreach (SepReader.Row row in reader)
        {
            read.Add((row["design"].ToString(), row["metric"].ToString(), row["value"].Parse<long>()));
            Assert.Equal(Example.Trace.Sha256, row["sha256"].ToString());
        }

        Assert.Equal(
            Designs.SelectMany(design => Metrics.Of(design).Select(metric => (design.Name, metric.Key, metric.Value))), read);
    }

    [Fact]
    public void CsvQuotesWhatHasCommas()
    {
        TraceComparison trace = Example.Trace with { Name = "a,\"b\"\n" };
        string line = CsvReport.Render(new DesignComparison([trace]), ComparisonChoice.Summary).Split('\n')[1];
        Assert.StartsWith("\"a,\"\"b\"\"\\n\",", line, StringComparison.Ordinal);
    }

    [Fact]
    public void TheRobotsTableIsNarrowAndItsChangesAreThoseOfTheFigures()
    {
        string text = LkpReport.Render(Example.Comparison, new ComparisonChoice { IsFull = true });
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= Columns, line));
        Assert.Equal(Designs.Length - 1, text.Split("%stddev     %change").Length - 1);
        string table = text[..text.IndexOf("reflink", StringComparison.Ordinal)];
        int percentages = 0;
        foreach ((Metric head, IReadOnlyList<Metric?> cells) in Metrics.Rows([Designs[0], Designs[1]]))
        {
            long before = cells[0]?.Value ?? 0;
            long after = cells[1]?.Value ?? 0;
            string[] lines = [.. table.Split('\n').Where(line => line.EndsWith($" {head.Key}", StringComparison.Ordinal))];
            if (before == 0 && after == 0)
            {
                Assert.Empty(lines);
            }
            else if (before != 0)
            {
                string change = (100.0 * (after - before) / before).ToString("+0.0;-0.0;+0.0", CultureInfo.InvariantCulture);
                Assert.Contains($" {change}% ", Assert.Single(lines), StringComparison.Ordinal);
                percentages++;
            }
        }

        Assert.InRange(percentages, 10, int.MaxValue);
    }
}
