using System.Globalization;
using Verso.Lab.Replay;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>
/// The sections that the document of a comparison has in a report: what of a recording's is in the document.
/// </summary>
public static class ResultsReport
{
    /// <summary>Sections that have something to show.</summary>
    /// <param name="document">What is known.</param>
    /// <param name="name">Its file.</param>
    /// <param name="prefix">Of ids: empty where it is the only one.</param>
    public static IReadOnlyList<Section> Sections(ComparisonDocument document, string name, string prefix)
    {
        ArgumentNullException.ThrowIfNull(document);
        bool isAlone = document.Traces.Count == 1;
        return
        [
            .. document.Traces.SelectMany((trace, at) => Sections(
                document, trace, name, isAlone ? prefix
                    : string.Create(CultureInfo.InvariantCulture, $"{prefix}t{at + 1}-"))),
        ];
    }

    private static IEnumerable<Section> Sections(
        ComparisonDocument document, TraceDocument trace, string name, string prefix)
    {
        DesignDocument? reference = trace.Designs.FirstOrDefault(design => design.Name == ReferenceDesign.Name);
        Section?[] all =
        [
            new Section($"{prefix}summary", prefix.Length == 0 ? "Summary" : Printable.Of(trace.Name),
            [
                .. trace.Scenario is { Purpose.Length: > 0 } scenario
                    ? [new Paragraph(Printable.Of(scenario.Purpose.ReplaceLineEndings(" ")))]
                    : (IEnumerable<Block>)[],
                .. RecordingSentences.Of(trace, reference, "").Select(sentence => new Paragraph(sentence)),
                ComparisonView.Summary(trace, $"{prefix}summary-table"),
            ]),
            WalksView.Of(trace.Designs, prefix),
            LocksView.Of(trace.Designs, null, prefix),
            new Section($"{prefix}figures", "All figures",
            [
                ComparisonView.FiguresOf(trace, $"{prefix}figures-table"),
                .. ComparisonView.OwnFigures(trace, $"{prefix}own"),
            ]),
            Origin(document, trace, name, prefix),
        ];
        return all.OfType<Section>();
    }

    private static Section Origin(ComparisonDocument document, TraceDocument trace, string name, string prefix) =>
        OriginView.Of(
            [
                ("results", name),
                (trace.Scenario is null ? "recording" : "scenario", trace.Name),
                ("sha256", trace.Sha256),
                .. trace.Scenario is not null ? [] : ((string Name, string Value)[])
                [
                    ("made by", trace.Source),
                    ("kernel", trace.Kernel),
                    ("command", trace.Command),
                    ("grade", trace.Grade),
                    ("fidelity", trace.Fidelity.Phrase),
                ],
                ("rules", $"Linux {trace.Rules} ({trace.RulesBasis})"),
                (trace.Scenario is null ? "events" : "steps", Figures.Count(trace.Events)),
                .. trace.Scenario is not null ? [] : ((string Name, string Value)[])
                    [("events lost", Figures.Count(trace.LostEvents))],
                .. (document.Labels ?? new Dictionary<string, string>())
                    .Select(label => ($"label {label.Key}", label.Value)),
            ],
            [], prefix);
}
