using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

/// <summary>Texts imported to a list.</summary>
internal sealed class Import : ITraceSink
{
    private readonly List<TraceEvent> _events = [];

    private Import()
    {
    }

    public IReadOnlyList<TraceEvent> Events => _events;

    public ImportSummary Summary { get; private set; } = null!;

    public static Import Strace(string text, UnknownTasks unknown = UnknownTasks.Detect) =>
        Run((reader, begin) => StraceImporter.Import(reader, begin, unknown), new StringReader(text));

    public static Import Perf(string text, UnknownTasks unknown = UnknownTasks.Detect) =>
        Run((reader, begin) => PerfScriptImporter.Import(reader, begin, unknown), new StringReader(text));

    public static Import StraceFixture(string name) => Strace(Fixture(name));

    public static string Fixture(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));

    public void Write(in TraceEvent e) => _events.Add(e);

    public int Count(TraceEventKind kind) => _events.Count(e => e.Kind == kind);

    public TraceEvent Single(TraceEventKind kind) => _events.Single(e => e.Kind == kind);

    public IEnumerable<TraceEvent> Of(TraceEventKind kind) => _events.Where(e => e.Kind == kind);

    /// <summary>The address space of a task at the time of its last event of this kind.</summary>
    public int MmOf(TraceEventKind kind, int tid) => _events.Last(e => e.Kind == kind && e.Task == tid).Mm;

    private static Import Run(
        Func<TextReader, Func<TraceHeader, ITraceSink>, ImportSummary> import, StringReader text)
    {
        Import list = new();
        int begun = 0;
        list.Summary = import(text, _ =>
        {
            begun++;
            return list;
        });
        Assert.Equal(1, begun);
        return list;
    }
}
