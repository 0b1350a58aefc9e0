using System.Globalization;
using System.Text;
using Verso.Lab.Families;

namespace Verso.Reports.Text;

/// <summary>
/// A view in Prometheus' text exposition format, version 0.0.4, as node_exporter's textfile collector reads it.
/// </summary>
public static class PrometheusText
{
    private static readonly (string Name, string Help, Func<TopRow, long> Value)[] s_ofProcess =
    [
        ("vmas", "VMAs of the process.", row => row.Vmas),
        ("anon_vmas", "anon_vmas that are the process's own.", row => row.AnonVmas),
        ("anon_vma_chains", "Entries of the anon_vma chains of the process's VMAs.", row => row.ChainEntries),
        ("longest_chain", "The longest anon_vma chain of a VMA.", row => row.LongestChain),
        ("widest_tree", "The most VMAs in the interval tree of an anon_vma of its chains.", row => row.WidestTree),
        ("reverse_map_bytes", "Bytes of its anon_vma_chains and of its own anon_vmas.", row => row.Bytes),
    ];

    /// <summary>The view with at most so many processes.</summary>
    public static string Render(TopView view, int limit)
    {
        ArgumentNullException.ThrowIfNull(view);
        StringBuilder text = new();
        foreach ((string name, string help, Func<TopRow, long> value) in s_ofProcess)
        {
            Head(text, $"process_{name}", help);
            foreach (TopRow row in view.Rows.Take(limit))
            {
                text.Append("verso_process_").Append(name)
                    .Append(CultureInfo.InvariantCulture, $"{{pid=\"{row.Pid}\",command=\"{Escape(row.Command)}\"}} ")
                    .Append(CultureInfo.InvariantCulture, $"{value(row)}\n");
            }
        }

        Whole(text, "processes", "Processes that were read.", view.Processes);
        Whole(text, "vmas", "VMAs of all of them.", view.Vmas);
        Whole(text, "anon_vmas", "anon_vmas of all of them.", view.AnonVmas);
        Whole(text, "anon_vma_roots", "Trees of anon_vmas.", view.Roots);
        Whole(text, "anon_vma_chains", "Entries of all anon_vma chains.", view.ChainEntries);
        Whole(text, "reverse_map_bytes", "Bytes of all anon_vmas and anon_vma_chains.", view.Bytes);
        Whole(text, "process_vmas_limit", "The most VMAs of a process (vm.max_map_count).", view.Header.MaxMapCount);
        Head(text, "read_seconds", "How long reading took.");
        text.Append(CultureInfo.InvariantCulture, $"verso_read_seconds {view.Header.DurationNanoseconds / 1e9}\n");
        return text.ToString();
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
