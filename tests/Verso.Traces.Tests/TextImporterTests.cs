using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

public sealed class TextImporterTests
{
    [Theory]
    [InlineData("strace-f-o-y.txt", "strace")]
    [InlineData("strace-f-stderr.txt", "strace")]
    [InlineData("strace-threads-threadexec.txt", "strace")]
    [InlineData("perf-script-syscalls.txt", "perf")]
    [InlineData("perf-script-errors.txt", "perf")]
    [InlineData("perf-script-d-mmap2.txt", "perf")]
    public void TheToolIsToldFromTheText(string name, string source)
    {
        long events = 0;
        ImportSummary summary = TextImporter.Import(
            new StringReader(Import.Fixture(name)), TextFormat.Detect, _ => new Counter(() => events++));
        Assert.Equal(source, summary.Header.Source);
        Assert.Equal(summary.Events, events);
    }

    [Fact]
    public void TextBeyondTheHeadIsReadToo()
    {
        string text = string.Concat(Enumerable.Repeat("7 munmap(0x1000, 4096) = 0\n", 10_000));
        ImportSummary summary = TextImporter.Import(
            new StringReader(text), TextFormat.Detect, static _ => new Counter(static () => { }));
        Assert.Equal((10_000L, 10_000L, 0L), (summary.Lines, summary.Calls, summary.UnknownLines));
    }

    private sealed class Counter(Action count) : ITraceSink
    {
        public void Write(in TraceEvent e) => count();
    }
}
