using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Families;
using Verso.Reports.Text;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests;

/// <summary>A count of one has its noun and its verb in the singular, wherever one is printed.</summary>
public sealed class CountTests : IDisposable
{
    private const int Unknown = 9;

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AReplayWithOneOfEach()
    {
        string trace = MakeTrace();
        Outcome outcome = CommandLine.Run("replay", trace);
        string[] lines = outcome.Output.Split('\n');
        Assert.Contains("  grade      no-initial-layout, lost-events, no-checkpoints (1 event lost)", lines);
        Assert.Contains("  calls      2 compared, 1 result differs: munmap 1", lines);
        Assert.Contains("             1 more differs in address spaces whose initial layout is not recorded", lines);
        Assert.Contains("  note       1 fault that the engine would answer with a signal", lines);
        Assert.Contains(lines, line => line.StartsWith("  note       1 address space begun empty: ", StringComparison.Ordinal));
        Assert.Contains("  note       1 event of address spaces that were not live", lines);
        Assert.Contains("grade no-initial-layout, lost-events", CommandLine.Run("replay", trace, "--format", "line").Output);
        Assert.Contains(", 1 result differs, ", CommandLine.Run("replay", trace, "--format", "line").Output);
        Assert.Contains("(1 event lost)", CommandLine.Run("info", trace).Output);
    }

    [Fact]
    public void AnEventThatSaysThatOneWasLost()
    {
        Assert.Equal("1 event lost", EventText.Describe(new() { Kind = TraceEventKind.Lost, Arg0 = 1 }));
        Assert.Equal("2 events lost", EventText.Describe(new() { Kind = TraceEventKind.Lost, Arg0 = 2 }));
    }

    [Fact]
    public void AProcessOfOneVma()
    {
        AnonVmaImage node = new(5, 5, 5, 1, 1);
        VmaImage vma = new(0x7000_0000, 0x7000_1000, VmaFlags.Read | VmaFlags.Write, 0x70000, default, 5, [5]);
        TopView view = TopView.Of(
            new Snapshot
            {
                Header = new SnapshotHeader { Selection = "process 7" },
                Files = [],
                Processes =
                [
                    new ProcessGraph(
                        7, "one", 1, new MmImage { Vmas = [vma], AnonVmas = [node], Identity = 1 }, GraphReading.Whole),
                ],
            },
            TopOrder.Bytes);
        Assert.Contains("\n1 process, 1 VMA, ", TopText.Render(view, 1, 80, Palette.Plain));
    }

    [Fact]
    public void OneScenarioThatDiffers()
    {
        string file = Path.Combine(_folder, "one.txt");
        File.WriteAllText(file, "map A 4 2 rw -> EINVAL\n");
        Assert.Contains("1 scenario, 1 step: 1 differs\n", CommandLine.Run("verify", "--engine", file).Output);
    }

    private string MakeTrace()
    {
        string path = Path.Combine(_folder, "one.verso");
        using FileStream file = File.Create(path);
        using TraceWriter writer = new(file, new TraceHeader { Source = "synthetic", Kernel = "6.18.44" });
        writer.Write(new() { Kind = TraceEventKind.Attach, Mm = 1, Payload = new MmImage { Vmas = [], AnonVmas = [] } });
        TraceEvent refusedByTheEngine = new() { Kind = TraceEventKind.Munmap, Mm = 1, Arg0 = 1, Arg1 = 4096, Result = 0 };
        writer.Write(refusedByTheEngine);
        writer.Write(refusedByTheEngine with { Mm = 2 });
        writer.Write(new() { Kind = TraceEventKind.Fault, Mm = 1, Arg0 = 0x7000_0000 });
        writer.Write(new() { Kind = TraceEventKind.MmExit, Mm = Unknown });
        writer.Write(new() { Kind = TraceEventKind.Lost, Arg0 = 1 });
        return path;
    }
}
