using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Studies;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>The sections that a recording, or a scenario, has in a report.</summary>
public static class RecordingReport
{
    /// <summary>Sections that have something to show.</summary>
    /// <param name="study">What is known.</param>
    /// <param name="prefix">Of ids: empty where it is the only one.</param>
    public static IReadOnlyList<Section> Sections(RecordingStudy study, string prefix)
    {
        ArgumentNullException.ThrowIfNull(study);
        TraceComparison trace = study.Trace;
        TraceDocument told = ResultDocuments.Of(trace);
        IReadOnlyList<ReplayResult> referenceFirst =
            [.. trace.Designs.OrderBy(design => design.Name != ReferenceDesign.Name)];
        Section?[] all =
        [
            Summary(study, told, prefix),
            TimelineView.Of(referenceFirst, prefix),
            ProcessesView.Of(referenceFirst, prefix),
            SpaceView.Of(study.Spaces, trace.Scenario is null ? "moment" : "process", prefix),
            GraphView.Of(study.Graphs, study.Structures, "moment", prefix),
            WalksView.Of(trace.Designs, prefix),
            LocksView.Of(told.Designs, study.Locks, prefix),
            new Section($"{prefix}figures", "All figures",
            [
                ComparisonView.FiguresOf(trace, new ComparisonChoice { IsFull = true }, $"{prefix}figures-table"),
                .. ComparisonView.OwnFigures(trace, ComparisonChoice.Summary, $"{prefix}own"),
            ]),
            Origin(trace, prefix),
        ];
        return [.. all.OfType<Section>()];
    }

    private static Section Summary(RecordingStudy study, TraceDocument told, string prefix) => new(
        $"{prefix}summary",
        prefix.Length == 0 ? "Summary" : study.Trace.Name,
        [
            .. Steps(study.Trace.Scenario),
            .. RecordingSentences.Of(told, ResultDocuments.Of(study.Trace.Reference), Largest(study))
                .Select(sentence => new Paragraph(sentence)),
            ComparisonView.Summary(told, $"{prefix}summary-table"),
        ]);

    private static string Largest(RecordingStudy study) => study.Spaces.Count == 0 ? ""
        : $"; the largest address space had {Figures.Count(study.Spaces[0].Space.VmaCount)} of the "
            + $"{Figures.Count(study.Trace.Header.MaxMapCount)} that one may have";

    /// <summary>What a scenario is: why it exists, and its steps with what the kernel answered.</summary>
    private static IEnumerable<Block> Steps(Scenario? scenario) => scenario is null ? [] :
    [
        new Paragraph(ScenarioText.Phrase(scenario)),
        new Preformatted(Printable.Lines((scenario with { Purpose = "" }).ToString())),
    ];

    private static Section Origin(TraceComparison trace, string prefix)
    {
        ReplayResult reference = trace.Reference;
        if (trace.Scenario is not null)
        {
            return OriginView.Of(
                [
                    ("scenario", trace.Name),
                    ("sha256", trace.Sha256),
                    ("rules", RulesText.Of(reference.Rules)),
                    ("steps", Figures.Count(reference.Events)),
                ],
                [], prefix);
        }

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
