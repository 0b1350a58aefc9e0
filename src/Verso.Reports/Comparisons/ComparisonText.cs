using System.Text;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>
/// A comparison as text: a line a design, as differences from the reference, on a screen; or all figures, a column a
/// design.
/// </summary>
public static class ComparisonText
{
    private const int FigureColumns = 42;
    private const int ValueColumns = 12;

    public static string Render(DesignComparison comparison, ComparisonChoice choice, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(choice);
        StringBuilder text = new();
        foreach (TraceComparison trace in comparison.Traces)
        {
            text.Append(text.Length > 0 ? "\n" : "");
            Append(text, trace, choice, width, palette);
        }

        string hint = "  all figures: --full, --only-different, --metrics\n";
        return text.Append(choice.ShowsFigures || !choice.HasHint ? "" : hint).ToString();
    }

    private static void Append(
        StringBuilder text, TraceComparison trace, ComparisonChoice choice, int width, Palette palette)
    {
        text.Append(palette.Bold(Printable.Of(trace.Name))).Append('\n');
        foreach ((string key, string value) in choice.Labels)
        {
            text.Append($"  label      {Printable.Of(key)}={Printable.Of(value)}\n");
        }

        text.Append(trace.Scenario is Scenario scenario
            ? ScenarioText.Headline(scenario)
            : FidelityText.Headline(trace.Reference.Fidelity, palette));
        Table summary = ComparisonView.Summary(trace);
        summary = choice.ShowsFigures ? summary with { Baseline = null, Note = ComparisonView.AbsoluteNote }
            : summary.Columns.Any(column => column.Key == "failed") ? summary.Without("rcu")
            : summary;
        text.Append(TextRendering.Of(summary, width, palette));
        AppendVerification(text, trace, palette);
        if (!choice.ShowsFigures)
        {
            return;
        }

        text.Append('\n').Append(TraceText.Origin(trace.Reference))
            .Append(FidelityText.Details(trace.Reference.Fidelity, palette)).Append('\n');
        Table figures = ComparisonView.FiguresOf(trace, choice);
        text.Append(figures.Rows.Count > 0 ? TextRendering.Of(figures, width, palette) : "no such figure differs\n");
        foreach (Table own in ComparisonView.OwnFigures(trace, choice))
        {
            text.Append(own.Title).Append('\n');
            foreach (IReadOnlyList<Cell> row in own.Rows)
            {
                text.Append($"  {CellText.Of(row[0], own.Columns[0]),-FigureColumns} ")
                    .Append($"{CellText.Of(row[1], own.Columns[1]),ValueColumns}\n");
            }
        }
    }

    private static void AppendVerification(StringBuilder text, TraceComparison trace, Palette palette)
    {
        ReplayResult[] verified = [.. trace.Designs.Where(design => design.Fidelity.Verifications > 0)];
        ReplayResult[] violated = [.. verified.Where(design => design.Fidelity.Violations.Count > 0)];
        if (verified.Length > 0)
        {
            text.Append("  verified   ").Append(violated.Length == 0
                ? palette.Good("no violation in any design")
                : palette.Bad($"violated: {string.Join(", ", violated.Select(design => design.Name))}")).Append('\n');
        }

        foreach (ReplayResult design in violated.Where(design => design != trace.Reference))
        {
            foreach (string violation in design.Fidelity.Violations)
            {
                text.Append($"             {design.Name}: {violation}\n");
            }
        }
    }
}
