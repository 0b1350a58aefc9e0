using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Reports.Comparisons;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>The sections that a recording has in a report.</summary>
public static class RecordingReport
{
    /// <summary>Sections that have something to show.</summary>
    /// <param name="study">What is known.</param>
    /// <param name="prefix">Of ids: empty where it is the only one.</param>
    public static IReadOnlyList<Section> Sections(RecordingStudy study, string prefix)
    {
        ArgumentNullException.ThrowIfNull(study);
        TraceComparison trace = study.Trace;
        IReadOnlyList<ReplayResult> referenceFirst =
            [.. trace.Designs.OrderBy(design => design.Name != ReferenceDesign.Name)];
        Section?[] all =
        [
            Summary(study, prefix),
            TimelineView.Of(referenceFirst, prefix),
            ProcessesView.Of(referenceFirst, prefix),
            SpaceView.Of(study.Spaces, "moment", prefix),
            GraphView.Of(study.Graphs, "moment", prefix),
            WalksView.Of(trace.Designs, prefix),
            LocksView.Of(trace.Designs, study.Locks, prefix),
            new Section($"{prefix}figures", "All figures",
            [
                ComparisonView.FiguresOf(trace, new ComparisonChoice { IsFull = true }, $"{prefix}figures-table"),
                .. ComparisonView.OwnFigures(trace, ComparisonChoice.Summary, $"{prefix}own"),
            ]),
            Origin(trace, prefix),
        ];
        return [.. all.OfType<Section>()];
    }

    private static Section Summary(RecordingStudy study, string prefix) => new(
        $"{prefix}summary",
        prefix.Length == 0 ? "Summary" : study.Trace.Name,
        [
            .. RecordingSentences.Of(study).Select(sentence => new Paragraph(sentence)),
            ComparisonView.Summary(study.Trace, $"{prefix}summary-table"),
        ]);

    private static Section Origin(TraceComparison trace, string prefix)
    {
        ReplayResult reference = trace.Reference;
        return OriginView.Of(
            [
                ("file", trace.Name),
                ("sha256", trace.Sha256),
                ("made by", trace.Header.Source),
                ("kernel", trace.Header.Kernel),
                ("command", trace.Header.Command),
                ("grade", GradeText.Of(trace.Grade)),
                ("fidelity", FidelityText.Phrase(reference.Fidelity)),
                ("rules", RulesText.Of(reference.Rules)),
                ("events", Figures.Count(reference.Events)),
                ("events lost", Figures.Count(reference.Tally.Lost)),
            ],
            GradeText.Explain(trace.Grade), prefix);
    }
}
