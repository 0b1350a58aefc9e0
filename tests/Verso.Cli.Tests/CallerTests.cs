using System.Text.Json;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Cli.Tests;

/// <summary>Who made the boundaries that keep VMAs apart: of recordings with stacks.</summary>
public sealed class CallerTests : IDisposable
{
    private const ulong Window = 0x7000_0000;

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-callers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TheAnswerNamesWhoMadeMostOfThem()
    {
        string[] lines = Explain().Split('\n');
        Assert.Contains("from:  Pool::Guard <- main (pool.c:7) (/usr/bin/pool) (7 of these 9)", lines);
    }

    [Fact]
    public void AllOfThemAreListedByReason()
    {
        string text = Explain("--full");
        Assert.Contains("  called from:\n       7  Pool::Guard <- main (pool.c:7) (/usr/bin/pool)\n"
            + "       2  late+0x10 <- main (pool.c:7) (/lib/late)\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDocumentHasTheSame()
    {
        using JsonDocument document = JsonDocument.Parse(Explain("-j"));
        JsonElement[] callers = [.. document.RootElement.GetProperty("main").GetProperty("callers").EnumerateArray()];
        Assert.Equal([7, 2], callers.Select(caller => caller.GetProperty("boundaries").GetInt32()));
        Assert.Equal(
            ["Pool::Guard", "main (pool.c:7)"],
            callers[0].GetProperty("functions").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("/lib/late", callers[1].GetProperty("file").GetString());
        JsonElement reason = document.RootElement.GetProperty("reasons")[0];
        Assert.Equal(9, reason.GetProperty("callers").EnumerateArray().Sum(each => each.GetProperty("boundaries").GetInt32()));
    }

    /// <summary>Its memory is as its parent left it; what it did itself is its own.</summary>
    [Fact]
    public void AChildOfForkInheritsThem()
    {
        string child = CommandLine.Run("explain", "2", "--from", Make()).Output;
        Assert.Contains("from:  Pool::Guard <- main (pool.c:7)", child, StringComparison.Ordinal);
    }

    [Fact]
    public void AReportHasThemAsATable()
    {
        string page = Path.Combine(_folder, "page.html");
        Assert.Equal(0, CommandLine.Run("report", Make(), "-o", page).Status);
        string text = File.ReadAllText(page);
        Assert.Contains("Who made them", text, StringComparison.Ordinal);
        Assert.Contains("Pool::Guard", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutStacksNothingIsSaidOfCallers()
    {
        string path = Make(withStacks: false);
        Assert.DoesNotContain("from:", CommandLine.Run("explain", "1", "--from", path).Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(CommandLine.Run("explain", "1", "-j", "--from", path).Output);
        Assert.Empty(document.RootElement.GetProperty("main").GetProperty("callers").EnumerateArray());
    }

    [Fact]
    public void RecordingWithStacksKeepsThem()
    {
        string path = Path.Combine(_folder, "true.verso");
        Outcome recorded = CommandLine.Run("record", "--stacks", "-q", "-o", path, "--", "/bin/true");
        Assert.SkipWhen(recorded.Status == 2, recorded.Error);
        string kinds = CommandLine.Run("info", path).Output;
        Assert.Contains("called-from", kinds, StringComparison.Ordinal);
        Assert.Contains("frame-name", kinds, StringComparison.Ordinal);
    }

    private string Explain(params string[] words)
    {
        Outcome outcome = CommandLine.Run(["explain", "1", "--from", Make(), .. words]);
        Assert.Equal("", outcome.Error);
        return outcome.Output;
    }

    // Five buffers of two pages, the first page of each without access: four guarded from one place, the last from another.
    private string Make(bool withStacks = true)
    {
        string path = Path.Combine(_folder, withStacks ? "stacks.verso" : "plain.verso");
        using FileStream file = File.Create(path);
        using TraceWriter writer = new(file, new TraceHeader { Source = "test", Kernel = "6.18.44", MaxMapCount = 65530 });
        void Write(TraceEvent e)
        {
            if (withStacks || e.Kind < TraceEventKind.StackFrame)
            {
                writer.Write(e);
            }
        }

        void Define(int id, string of) => Write(new()
        {
            Kind = TraceEventKind.FileDefined,
            Payload = new FileIdentity(new FileId(id), FileKind.Regular, 1, (ulong)id, 8192, of),
        });
        void Frame(ulong id, ulong caller, ulong of, ulong offset) => Write(new()
        {
            Kind = TraceEventKind.StackFrame,
            Mm = 1,
            Arg0 = id,
            Arg1 = caller,
            Arg2 = of,
            Arg3 = offset,
        });
        void Name(ulong id, string name) => Write(new() { Kind = TraceEventKind.FrameName, Arg0 = id, Payload = name });
        void Call(TraceEvent call, ulong frame)
        {
            Write(new() { Kind = TraceEventKind.CalledFrom, Mm = 1, Task = 9, Arg0 = frame });
            Write(call with { Mm = 1, Task = 9 });
        }

        Define(1, "/usr/bin/pool");
        Define(2, "/usr/lib/x86_64-linux-gnu/libc.so.6");
        Define(3, "/lib/late");
        Write(new() { Kind = TraceEventKind.Exec, Mm = 1, Task = 9, Payload = new MmImage { Vmas = [], AnonVmas = [] } });
        Frame(1, 0, 2, 0x100);
        Frame(2, 1, 1, 0x10);
        Frame(3, 2, 1, 0x20);
        Frame(4, 3, 2, 0x200);
        Frame(5, 2, 3, 0x10);
        Name(2, "main (pool.c:7)");
        Name(3, "Pool::Guard(char*)");
        Name(4, "__mprotect");
        Call(new() { Kind = TraceEventKind.Mmap, Arg1 = 10 * 4096, Arg2 = 3, Arg3 = 0x22, Result = (long)Window }, 4);
        for (ulong at = 0; at < 5; at++)
        {
            ulong start = Window + (at * 8192);
            Call(new() { Kind = TraceEventKind.Mprotect, Arg0 = start, Arg1 = 4000, Arg3 = ulong.MaxValue }, at == 4 ? 5UL : 4);
        }

        Write(new() { Kind = TraceEventKind.Fork, Mm = 1, Task = 9, Arg0 = 2 });
        return path;
    }
}
