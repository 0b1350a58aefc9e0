using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Reports.Text;
using Verso.Traces;
using Verso.Traces.Importers;

namespace Verso.Cli.Tests;

/// <summary>A call that Linux has not, added as a contributor would: what does it and a row, and nothing else.</summary>
public sealed class NewCallTests
{
    private const CallKind Wipe = (CallKind)47;
    private const string Text = """
        100 execve("./t", ["./t"], 0x7ffd0 /* 1 var */) = 0
        100 mmap(0x10000000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x10000000
        100 wipe(0x10001000, 8192, 7) = 0
        100 wipe(0x10001001, 8192, 7) = -1 EINVAL (Invalid argument)
        100 exit_group(0) = ?

        """;

    static NewCallTests() => CallTable.Add(
        new CallRow(
            Wipe,
            [ArgumentKind.Address, ArgumentKind.Length, ArgumentKind.Number],
            (machine, mm, in call) => machine.Madvise(mm, call.Arg0, call.Arg1, Advice.DontNeed))
        {
            SystemCalls = [new SystemCall("wipe", [500], [500], 0, 1, 2)],
            Lock = MmapLock.Read,
        });

    [Fact]
    public void ATextOfItBecomesATraceThatReplaysAndCanBeRead()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("verso-call-").FullName, "wipe.verso");
        ImportSummary summary;
        using (FileStream file = File.Create(path))
        {
            TraceWriter? writer = null;
            summary = StraceImporter.Import(new StringReader(Text), header => writer = new TraceWriter(file, header));
            writer!.Dispose();
        }

        Assert.Equal((0L, 0L), (summary.NotImported, summary.UnknownLines));
        List<TraceEvent> events = [];
        using (TraceReader reader = TraceReader.Open(path))
        {
            while (reader.TryRead(out TraceEvent e))
            {
                events.Add(e);
            }
        }

        using (TraceReader reader = TraceReader.Open(path))
        {
            ReplayOptions options = new() { Design = DesignChoice.Parse("anon-vma-chain") };
            ReplayResult replayed = TraceReplay.Run(reader, options, cancellation: TestContext.Current.CancellationToken);
            Assert.Equal((0L, 0L, 2L), (replayed.Calls.MismatchCount, replayed.Calls.NotModelled, replayed.Calls.Compared));

            // Which refusals follow from memory is not in the row: without a rule of its own a refused call changes nothing.
            Assert.Equal([(Errno.EINVAL, 1L)], replayed.Calls.Refused.Select(refused => (refused.Key, refused.Value)));
        }

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        TraceEvent[] wiped = [.. events.Where(e => e.Call == Wipe)];
        Assert.Equal("wipe(0x10001000, 0x2000, 7) = 0", EventText.Describe(wiped[0]));
        Assert.Equal("wipe(0x10001001, 0x2000, 7) = EINVAL", EventText.Describe(wiped[1]));
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void EveryDesignDoesIt(string design)
    {
        Machine machine = Catalogue.Find(design)!.Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        MapFlags flags = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        Call map = new(CallKind.Mmap)
        {
            Arg0 = 0x10000000,
            Arg1 = 4 * Page.Size,
            Arg2 = (ulong)(Protection.Read | Protection.Write),
            Arg3 = (ulong)flags,
        };
        Assert.Equal(0x10000000UL, machine.Apply(mm, map).Value);
        Assert.Equal(FaultOutcome.Done, machine.Fault(mm, 0x10001000, FaultAccess.Write));
        long zapped = machine.Counters.PtesZapped;
        Assert.Equal(Errno.None, machine.Apply(mm, new Call(Wipe) { Arg0 = 0x10001000, Arg1 = Page.Size }).Errno);
        Assert.Equal(zapped + 1, machine.Counters.PtesZapped);
        machine.ReleaseMm(mm);
    }

    public static TheoryData<string> Designs() => [.. Catalogue.Designs.Select(design => design.Facts.Name)];

    /// <summary>A command line of one's own is this much: the call is added, and the rest is verso's.</summary>
    [Fact]
    public void TheCommandsKnowItOnceItIsAdded()
    {
        string folder = Directory.CreateTempSubdirectory("verso-call-").FullName;
        (string text, string trace) = (Path.Combine(folder, "wipe.txt"), Path.Combine(folder, "wipe.verso"));
        File.WriteAllText(text, Text);
        Assert.Equal("", Run("import", "strace", text, "-o", trace));
        Assert.Contains(" 2  wipe\n", Run("info", trace));
        Assert.Contains("all results as recorded", Run("replay", trace));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The recorder's C header is of the build: its numbers of calls stay what they were.</summary>
    [Fact]
    public void ARecorderDoesNotKnowIt() => Assert.DoesNotContain(CallTable.Recorded, recorded => recorded.Row.Kind == Wipe);

    private static string Run(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Assert.True(VersoCommandLine.Run(arguments, output, error) == 0, error.ToString());
        return output.ToString();
    }
}
