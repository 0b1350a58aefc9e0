using System.Globalization;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>A process outside the recorded tree acts on one inside, as a debugger does.</summary>
public sealed class VisitorTests
{
    private const long PagesBelow = 3;

    /// <summary>
    /// This process writes to a page of the recorded one, which prepares an anon_vma, and below its stack, which grows.
    /// </summary>
    [Fact]
    public async Task WhatItWritesIsFollowed()
    {
        var program = RecordedProgram.Compile("visited");
        var told = Path.Combine(Path.GetTempPath(), $"verso-visited-{Environment.ProcessId}");
        File.Delete(told);
        ulong page = 0;
        ulong stack = 0;
        var visit = Task.Run(() => (page, stack) = Visit(told), TestContext.Current.CancellationToken);
        var recorded = RecordedProgram.Record(program, told);
        await visit;
        File.Delete(told);
        Assert.Equal(0, recorded.Outcome.ExitStatus);
        Assert.Empty(recorded.Outcome.Counts.NotFollowed.Rows);

        var inside = recorded.Of(TraceEventKind.TaskExit).Select(e => e.Task).ToHashSet();
        var prepared = Assert.Single(recorded.Of(TraceEventKind.Prepare), e => e.Arg0 == page);
        var grown = Assert.Single(recorded.Of(TraceEventKind.StackGrow));
        Assert.Equal(stack - (ulong)(PagesBelow * Environment.SystemPageSize), grown.Arg0);
        Assert.Equal(prepared.Mm, grown.Mm);
        Assert.DoesNotContain(prepared.Task, inside);
        Assert.Equal(prepared.Task, grown.Task);
    }

    private static (ulong Page, ulong Stack) Visit(string told)
    {
        while (!File.Exists(told))
        {
            Thread.Sleep(5);
        }

        var words = File.ReadAllText(told).Split(' ');
        var page = ulong.Parse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var line = File.ReadLines($"/proc/{words[0]}/maps")
            .Single(each => each.EndsWith("[stack]", StringComparison.Ordinal));
        var stack = ulong.Parse(line.Split('-')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        // The flag last: the program goes on once it sees it.
        using var memory = new FileStream($"/proc/{words[0]}/mem", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        memory.Position = (long)stack - (PagesBelow * Environment.SystemPageSize);
        memory.WriteByte(1);
        memory.Position = (long)page;
        memory.WriteByte(1);
        memory.Position = (long)ulong.Parse(words[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        memory.WriteByte(1);
        return (page, stack);
    }
}
