using System.Globalization;
using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>
/// A view in Prometheus' text exposition format, version 0.0.4, as node_exporter's textfile collector reads it.
/// </summary>
public static class PrometheusText
{
    /// <summary>Percent of vm.max_map_count from which a process is shown whatever the limit.</summary>
    private const double Near = 50;

    private static readonly (string Name, string Help, Func<TopRow, long> Value)[] s_ofGraph =
    [
        ("anon_vmas", "anon_vmas that are the process's own.", row => row.AnonVmas),
        ("anon_vma_chains", "Entries of the anon_vma chains of the process's VMAs.", row => row.ChainEntries),
        ("longest_chain", "The longest anon_vma chain of a VMA.", row => row.LongestChain),
        ("widest_tree", "The most VMAs in the interval tree of an anon_vma of its chains.", row => row.WidestTree),
        ("reverse_map_bytes", "Bytes of its anon_vma_chains and of its own anon_vmas.", row => row.Bytes),
    ];

    /// <summary>
    /// The view with at most so many processes, and all those that have half of the VMAs that they may have, or more.
    /// </summary>
    public static string Render(TopView view, int limit)
    {
        ArgumentNullException.ThrowIfNull(view);
        StringBuilder text = new();
        TopRow[] rows =
        [
            .. view.Rows.Take(limit), .. view.Rows.Skip(limit).Where(row => TopText.Percent(view, row) >= Near),
        ];
        OfProcesses(text, "vmas", "VMAs of the process.", rows, row => row.Vmas);
        Head(text, "process_vmas_ratio", "VMAs of the process by the most it may have.");
        foreach (TopRow row in rows)
        {
            text.Append("verso_process_vmas_ratio").Append(Labels(row))
                .Append(CultureInfo.InvariantCulture, $" {TopText.Percent(view, row) / 100:0.######}\n");
        }

        foreach ((string name, string help, Func<TopRow, long> value) in view.HasGraph ? s_ofGraph : [])
        {
            OfProcesses(text, name, help, rows, value);
        }

        Whole(text, "processes", "Processes that were read.", view.Processes);
        Whole(text, "processes_refused", "Processes that may not be read.", view.Refused);
        Whole(text, "vmas", "VMAs of all of them.", view.Vmas);
        if (view.HasGraph)
        {
            Whole(text, "anon_vmas", "anon_vmas of all of them.", view.AnonVmas);
            Whole(text, "anon_vma_roots", "Trees of anon_vmas.", view.Roots);
            Whole(text, "anon_vma_chains", "Entries of all anon_vma chains.", view.ChainEntries);
            Whole(text, "reverse_map_bytes", "Bytes of all anon_vmas and anon_vma_chains.", view.Bytes);
        }

        Whole(text, "process_vmas_limit", "The most VMAs of a process (vm.max_map_count).", view.Header.MaxMapCount);
        Head(text, "read_seconds", "How long reading took.");
        text.Append(CultureInfo.InvariantCulture, $"verso_read_seconds {view.Header.DurationNanoseconds / 1e9}\n");
        return text.ToString();
    }

    private static void OfProcesses(
        StringBuilder text, string name, string help, TopRow[] rows, Func<TopRow, long> value)
    {
        Head(text, $"process_{name}", help);
        foreach (TopRow row in rows)
        {
            text.Append("verso_process_").Append(name).Append(Labels(row))
                .Append(CultureInfo.InvariantCulture, $" {value(row)}\n");
        }
    }

    private static string Labels(TopRow row)
    {
        string labels = string.Create(
            CultureInfo.InvariantCulture, $"pid=\"{row.Pid}\",command=\"{Escape(row.Command)}\"");
        return row.Group is { } group
            ? $"{{{labels},cgroup=\"{Escape(group.Path)}\",unit=\"{Escape(group.Unit)}\"}}" : $"{{{labels}}}";
    }

    private static void Whole(StringBuilder text, string name, string help, long value)
    {
        Head(text, name, help);
        text.Append(CultureInfo.InvariantCulture, $"verso_{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string help) =>
        text.Append($"# HELP verso_{name} {help}\n# TYPE verso_{name} gauge\n");

    // A label's value may be any text but for these three.
    private static string Escape(string value) =>
        Printable.Of(value).Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
