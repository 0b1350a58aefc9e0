using System.Text;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;

namespace Verso.Reports.Text;

/// <summary>A comparison as tables: first a line a design, then all figures, a column a design.</summary>
public static class ComparisonText
{
    public static string Render(DesignComparison comparison, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        StringBuilder text = new();
        foreach (TraceComparison trace in comparison.Traces)
        {
            text.Append(text.Length > 0 ? "\n" : "");
            Append(text, trace, width, palette);
        }

        return text.ToString();
    }

    /// <summary>A figure in its unit.</summary>
    public static string Cell(Metric? metric) => metric switch
    {
        null => "-",
        { Unit: MetricUnit.Bytes } => Figures.Bytes(metric.Value),
        { Unit: MetricUnit.Nanoseconds } => Figures.Duration(metric.Value),
        _ => Figures.Count(metric.Value),
    };

    private static void Append(StringBuilder text, TraceComparison trace, int width, Palette palette)
    {
        text.Append(palette.Bold(Printable.Of(trace.Name))).Append('\n')
            .Append(FidelityText.Headline(trace.Reference.Fidelity, palette));
        OverviewText.Append(text, trace, width, palette);
        text.Append('\n').Append(TraceText.Origin(trace.Reference))
            .Append(FidelityText.Details(trace.Reference.Fidelity, palette)).Append('\n');
        TextTable table = new([.. trace.Designs.Select(design => design.Name)]);
        string group = "";
        foreach ((Metric head, IReadOnlyList<Metric?> cells) in Metrics.Rows(trace.Designs))
        {
            if (head.Group == Metrics.OwnGroup || cells.All(cell => cell is null or { Value: 0 }))
            {
                continue;
            }

            if (head.Group != group)
            {
                group = head.Group;
                table.Heading(group);
            }

            table.Row(head.Label, [.. cells.Select(Cell)]);
        }

        text.Append(table.Render(width, palette));
        AppendOwn(text, trace.Designs);
    }

    /// <summary>What only one design counts: a table of it would be empty but for one column.</summary>
    private static void AppendOwn(StringBuilder text, IReadOnlyList<ReplayResult> designs)
    {
        foreach (ReplayResult design in designs.Where(design => design.Figures.Count > 0))
        {
            text.Append($"{design.Name} alone counts\n");
            foreach (DesignFigure figure in design.Figures)
            {
                text.Append($"  {Figures.NameOf(figure),-42} {Figures.Count(figure.Value),12}\n");
            }
        }
    }
}
