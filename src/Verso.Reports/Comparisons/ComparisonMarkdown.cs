using System.Text;
using Verso.Lab.Comparison;
using Verso.Lab.Scenarios;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>A comparison as Markdown: the summary, and the figures that were asked for.</summary>
public static class ComparisonMarkdown
{
    public static string Render(DesignComparison comparison, ComparisonChoice choice)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(choice);
        StringBuilder text = new();
        foreach (TraceComparison trace in comparison.Traces)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append($"### {Printable.Of(trace.Name)}\n");
            IEnumerable<string> facts =
            [
                .. choice.Labels.Select(label => $"{label.Key}={label.Value}"),
                .. trace.Scenario is Scenario scenario
                    ? [$"scenario: {ScenarioText.Phrase(scenario)}"]
                    : (string[])
                    [
                        $"fidelity: {FidelityText.Phrase(trace.Reference.Fidelity)}",
                        $"grade: {GradeText.Of(trace.Grade)}",
                    ],
                $"rules: {RulesText.Of(trace.Reference.Rules)}",
                $"sha256: {trace.Sha256}",
            ];
            text.Append('\n').AppendJoin("; ", facts.Select(Printable.Of)).Append("\n\n");
            text.Append(MarkdownRendering.Of(ComparisonView.Summary(trace)));
            if (choice.ShowsFigures)
            {
                foreach (Table table in (IEnumerable<Table>)
                    [ComparisonView.FiguresOf(trace, choice), .. ComparisonView.OwnFigures(trace, choice)])
                {
                    text.Append($"\n**{Printable.Of(table.Title)}**\n\n").Append(MarkdownRendering.Of(table));
                }
            }
        }

        return text.ToString();
    }
}
