using System.Globalization;
using System.Text.Json;
using Verso.Lab.Families;
using Verso.Linux.Counting;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Tests.Text;

/// <summary>A view of top as a collector reads it, and as JSON.</summary>
public sealed class PrometheusTextTests
{
    private const string Hostile = "a\"b\\c\nd\e[31m";

    [Fact]
    public void EverySampleHasItsHeadAndItsFigure()
    {
        string[] lines = PrometheusText.Render(View(rows: 3), limit: 2).TrimEnd().Split('\n');
        HashSet<string> heads = [.. lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])];
        string[] samples = [.. lines.Where(line => line[0] != '#')];
        Assert.All(samples, line => Assert.Contains(line.Split('{', ' ')[0], heads));
        Assert.All(samples, line => Assert.True(
            double.TryParse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture, out double _), line));
        Assert.Equal(2, samples.Count(line => line.StartsWith("verso_process_vmas{", StringComparison.Ordinal)));
        Assert.Contains("verso_process_vmas{pid=\"1\",command=\"p1\"} 10", samples);
        Assert.Contains("verso_processes 3", samples);
        Assert.Contains("verso_process_vmas_limit 65530", samples);
    }

    /// <summary>Who is near the limit is there whatever else is left out, with where systemd has put it.</summary>
    [Fact]
    public void WhoIsNearIsNeverDropped()
    {
        TopView view = View(rows: 3);
        ControlGroup group = new("/system.slice/a\"b.service");
        view = view with
        {
            Rows = [view.Rows[0], view.Rows[1], view.Rows[2] with { Vmas = 40_000, Group = group }],
        };
        string text = PrometheusText.Render(view, limit: 1);
        Assert.Contains(
            "verso_process_vmas{pid=\"3\",command=\"p3\",cgroup=\"/system.slice/a\\\"b.service\",unit=\"a\\\"b.service\"} 40000\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains("verso_process_vmas_ratio{pid=\"3\",", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pid=\"2\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesOfProcessesBreakNeitherLineNorQuote()
    {
        TopView view = View(rows: 1);
        view = view with { Rows = [view.Rows[0] with { Command = Hostile }] };
        string text = PrometheusText.Render(view, limit: 1);
        Assert.Contains("command=\"a\\\"b\\\\c\\\\nd\\\\e[31m\"} ", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);

        string json = JsonReport.Render(view, limit: 1);
        Assert.DoesNotContain('\e', json);
        JsonElement process = Assert.Single(JsonDocument.Parse(json).RootElement.GetProperty("processes").EnumerateArray());
        Assert.Equal(Hostile, process.GetProperty("command").GetString());
        Assert.Equal(10, process.GetProperty("vmas").GetInt32());
    }

    private static TopView View(int rows) => new()
    {
        Header = new SnapshotHeader(),
        Rows = [.. Enumerable.Range(1, rows).Select(at => new TopRow
        {
            Pid = at,
            Command = $"p{at}",
            StartNanoseconds = 0,
            Vmas = 10 * at,
            AnonVmas = at,
            ChainEntries = 2 * at,
            LongestChain = 1,
            WidestTree = 1,
            Bytes = 100 * at,
            MoreVmas = null,
            MoreBytes = null,
        })],
        IsCompared = false,
        Processes = rows,
        Vmas = 60,
        AnonVmas = 6,
        Roots = 1,
        ChainEntries = 12,
        Bytes = 600,
    };
}
