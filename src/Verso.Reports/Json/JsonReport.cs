using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Comparison;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Lab.Locks;
using Verso.Lab.LockStep;
using Verso.Lab.Merging;
using Verso.Lab.Quiz;
using Verso.Lab.Replay;
using Verso.Lab.Snapshots;
using Verso.Lab.Stepping;
using Verso.Lab.Words;
using Verso.Reports.Model;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Json;

/// <summary>Results as JSON: one document, its schema named in its first key.</summary>
public static class JsonReport
{
    // Output goes to files and terminals, never into HTML: paths and commands stay readable.
    private static readonly DocumentContext s_context = new(new JsonSerializerOptions(DocumentContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    // In a page nobody reads it, and HTML would take some letters for its own.
    private static readonly DocumentContext s_page = new(new JsonSerializerOptions(DocumentContext.Default.Options)
    {
        WriteIndented = false,
    });

    // Documents that follow one another have a line each.
    private static readonly DocumentContext s_lines = new(new JsonSerializerOptions(DocumentContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    });

    public static string Render(
        DesignComparison comparison, IReadOnlyList<KeyValuePair<string, string>>? labels = null)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return Write(
            new ComparisonDocument("verso-compare/1", [.. comparison.Traces.Select(ResultDocuments.Of)])
            {
                Labels = labels is { Count: > 0 } ? labels.ToDictionary() : null,
            },
            s_context.ComparisonDocument);
    }

    public static string Render(string name, ReplayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Write(ResultDocuments.Of(name, result), s_context.ReplayDocument);
    }

    /// <summary>One replay with its merge trace.</summary>
    public static string Render(string name, ReplayResult result, MergeTrace trace)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(trace);
        return Write(
            ResultDocuments.Of(name, result) with { MergeTrace = MergeDocuments.Of(trace) }, s_context.ReplayDocument);
    }

    /// <summary>One replay with its locks.</summary>
    public static string Render(string name, ReplayResult result, LockTally locks, int most)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(locks);
        return Write(
            ResultDocuments.Of(name, result) with { Locks = LocksDocument.Of(locks, most) }, s_context.ReplayDocument);
    }

    public static string Render(IReadOnlyList<Catalogue.Entry> designs)
    {
        ArgumentNullException.ThrowIfNull(designs);
        IEnumerable<CatalogueEntryDocument> entries = designs.Select(entry => new CatalogueEntryDocument(
            entry.Facts.Name,
            entry.Facts.Summary,
            entry.Facts.Source,
            Kebab.Of(entry.Facts.Owner.ToString()),
            entry.Facts.Name == ReferenceDesign.Name,
            [.. entry.Facts.Layout.Select(Of)],
            [.. entry.Facts.Options.Select(Of)]));
        return Write(new CatalogueDocument("verso-designs/1", [.. entries]), s_context.CatalogueDocument);
    }

    private static LayoutFieldDocument Of(LayoutField field)
    {
        KernelSize size = KernelSize.Words(field.Words);
        return new LayoutFieldDocument(Kebab.Of(field.Struct.ToString()), field.Name, size.On64, size.On32);
    }

    private static DesignOptionDocument Of(DesignOption option) => new(
        option.Name,
        option.Meaning,
        [.. option.Values.Select(value =>
            new OptionValueDocument(value.Name, value.Meaning, value.Soundness == Soundness.Broken))]);

    public static string Render(string name, TraceSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        InfoDocument document = new()
        {
            Schema = "verso-info/1",
            Name = name,
            Sha256 = summary.Sha256,
            Grade = GradeText.Of(summary.Grade),
            Source = summary.Header.Source,
            Command = summary.Header.Command,
            Kernel = summary.Header.Kernel,
            Machine = summary.Header.Machine,
            FormatVersion = summary.Header.Version,
            MaxMapCount = summary.Header.MaxMapCount,
            StartUnixSeconds = summary.Header.StartUnixSeconds,
            FileBytes = summary.FileBytes,
            Events = summary.Events,
            LostEvents = summary.Lost,
            NotFollowed = summary.NotFollowed.Rows.ToDictionary(),
            DurationNanoseconds = (long)summary.LastTime,
            AddressSpaces = summary.AddressSpaces,
            EventsByKind = summary.EventsByKind.ToDictionary(
                entry => EventText.Name(entry.Key), entry => entry.Value),
        };
        return Write(document, s_context.InfoDocument);
    }

    /// <summary>Random scenarios on kernel and engine.</summary>
    public static string Render(RandomVerificationOptions options, RandomVerificationResult result)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(result);
        return Write(VerifyDocuments.Of(options, result), s_context.RandomVerificationDocument);
    }

    /// <summary>Scenario files on kernel and engine.</summary>
    public static string Render(ScenarioRunOptions options, IReadOnlyList<ScenarioResult> results)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(results);
        return Write(VerifyDocuments.Of(options, results), s_context.ScenariosDocument);
    }

    /// <summary>A snapshot summed up, with every process.</summary>
    public static string Render(Snapshot snapshot, SnapshotSummary summary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(summary);
        return Write(SnapshotDocuments.Of(snapshot, summary), s_context.SnapshotDocument);
    }

    /// <summary>What the reverse map costs; lists of roots and anon_vmas have <paramref name="top"/> entries.</summary>
    public static string Render(ReverseMapCosts costs, int top)
    {
        ArgumentNullException.ThrowIfNull(costs);
        return Write(RmapDocuments.Of(costs, top), s_context.RmapDocument);
    }

    /// <summary>Why an address space has as many VMAs as it has; of a strip, its pairs only.</summary>
    public static string Render(SpaceExplanation explanation, SpaceStrip? strip)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        return Write(ExplainDocuments.Of(explanation, strip), s_context.ExplanationDocument);
    }

    /// <summary>Processes by what their reverse maps cost, at most <paramref name="limit"/>.</summary>
    public static string Render(TopView view, int limit)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Write(TopDocuments.Of(view, limit), s_context.TopDocument);
    }

    /// <summary>A step, once a design.</summary>
    public static string Render(string name, IReadOnlyList<StepView> views)
    {
        ArgumentNullException.ThrowIfNull(views);
        return Write(StepDocuments.Of(name, views), s_context.StepDocument);
    }

    /// <summary>A question, with its answer only if that is asked for.</summary>
    public static string Render(QuizQuestion question, bool isSolved)
    {
        ArgumentNullException.ThrowIfNull(question);
        return Write(QuizDocuments.Of(question, isSolved), s_context.QuizDocument);
    }

    /// <summary>All numbers of a report.</summary>
    public static string Render(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Write(ReportDocuments.Of(report, isForHtml: false), s_context.ReportDocument);
    }

    /// <summary>The same to be embedded in HTML, with the colours of charts.</summary>
    internal static string ForHtml(Report report) =>
        JsonSerializer.Serialize(ReportDocuments.Of(report, isForHtml: true), s_page.ReportDocument);

    /// <summary>The files of figures.</summary>
    public static string Render(IReadOnlyList<PlottedFigure> figures) =>
        Write(new PlotDocument("verso-plot/1", figures), s_context.PlotDocument);

    /// <summary>A process that nears its limit, on one line.</summary>
    public static string Render(WatchReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Write(WatchDocuments.Of(report), s_lines.WatchDocument);
    }

    /// <summary>An address as every document has it.</summary>
    internal static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

    private static string Write<T>(T document, JsonTypeInfo<T> type) =>
        Printable.Json(JsonSerializer.Serialize(document, type)) + "\n";
}
