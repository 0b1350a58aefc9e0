using Verso.Lab.Comparison;

namespace Verso.Reports.Comparisons;

/// <summary>What of a comparison is shown, and what it is called.</summary>
public sealed record ComparisonChoice
{
    /// <summary>The line a design, and no more.</summary>
    public static ComparisonChoice Summary { get; } = new();

    /// <summary>The same without a word of what else there is.</summary>
    public static ComparisonChoice Table { get; } = new() { HasHint = false };

    /// <summary>Whether a summary says how to see more.</summary>
    public bool HasHint { get; private init; } = true;

    /// <summary>All figures, not the summary alone.</summary>
    public bool IsFull { get; init; }

    /// <summary>Of all figures, only those that some design differs in from the reference.</summary>
    public bool OnlyDifferent { get; init; }

    /// <summary>Of all figures, those whose keys begin so, in whole words; empty: all.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = [];

    /// <summary>What the user says of the result: a name and a value each.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; init; } = [];

    /// <summary>Whether figures are shown at all.</summary>
    public bool ShowsFigures => IsFull || OnlyDifferent || Metrics.Count > 0;

    /// <summary>The rows of figures that are shown: never one that is 0 or absent in every design.</summary>
    internal IEnumerable<(Metric Head, IReadOnlyList<Metric?> Cells)> Rows(TraceComparison trace)
    {
        Dictionary<string, long> reference =
            Comparisons.Metrics.Of(trace.Reference).ToDictionary(metric => metric.Key, metric => metric.Value);
        return Comparisons.Metrics.Rows(trace.Designs).Where(row => IsChosen(row.Head)
            && row.Cells.Any(cell => (cell?.Value ?? 0) != Unshown(row.Head)));

        long Unshown(Metric metric) => OnlyDifferent ? reference.GetValueOrDefault(metric.Key) : 0;
    }

    /// <summary>Which of the figures asked for there is none of, and what there is; null: all are there.</summary>
    public string? FindUnknown(IEnumerable<TraceComparison> traces)
    {
        ArgumentNullException.ThrowIfNull(traces);
        Metric[] all =
        [
            .. traces.SelectMany(trace => trace.Designs.Append(trace.Reference))
                .SelectMany(design => Comparisons.Metrics.Of(design)),
        ];
        return Metrics.FirstOrDefault(name => !all.Any(metric => BeginsSo(metric, name))) is string unknown
            ? $"no figure is called '{unknown}', or '{unknown}.' and more; there are "
                + string.Join(", ", all.Select(metric => metric.Key.Split('.')[0]).Distinct())
            : null;
    }

    /// <summary>Whether a figure is among those that were asked for.</summary>
    internal bool IsChosen(Metric metric) => Metrics.Count == 0 || Metrics.Any(name => BeginsSo(metric, name));

    private static bool BeginsSo(Metric metric, string name) =>
        metric.Key.StartsWith(name, StringComparison.Ordinal)
        && (metric.Key.Length == name.Length || name[^1] == '.' || metric.Key[name.Length] == '.');
}
