using System.Diagnostics;
using System.Globalization;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Families whose exits and forks race on two processors, recorded here and now: what the replay derives is the kernel's
/// state at every checkpoint.
/// </summary>
public sealed class RecordedFamilyTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("verso-family-");

    /// <summary>The half of such trees had 1 in 1,000 chains wrong when a fork's reuse was derived from lock order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void ATreeWhoseParentsExitBesideForks(int seed)
    {
        ReplayResult result = Replay(Record("tree", seed));
        output.WriteLine($"{result.Work.ForkedByLog} VMAs of forks by the log");
        AssertWhole(result);
    }

    [Fact]
    public void ALineOfWhichEachExitsAsSoonAsItHasForked() => AssertWhole(Replay(Record("line", 3000)));

    /// <summary>Each generation has a chain one longer, and a file that takes what is new of it.</summary>
    [Fact]
    public void ALineThatStandsTakesWhatChanged()
    {
        byte[] half = Record("standing", 150);
        byte[] whole = Record("standing", 300);
        output.WriteLine($"{half.Length} and {whole.Length} bytes");
        AssertWhole(Replay(whole));
        Assert.InRange(whole.Length, half.Length, half.Length * 5 / 2);
    }

    /// <summary>No number of the trace is an address of the kernel's.</summary>
    [Fact]
    public void NoAnonVmaIsAKernelAddress()
    {
        using TraceReader reader = TraceReader.Open(new MemoryStream(Record("tree", 5)));
        long nodes = 0;
        while (reader.TryRead(out TraceEvent e))
        {
            Assert.True(Math.Max(Math.Max(e.Arg0, e.Arg1), Math.Max(e.Arg3, e.Arg4)) is < 1UL << 47 or ulong.MaxValue);
            if (e.Payload is Engine.Images.MmImage image)
            {
                nodes += image.AnonVmas.Count;
                Assert.All(image.AnonVmas, node => Assert.InRange(Math.Max(Math.Max(node.Id, node.Root), node.Parent), 1UL, 1UL << 32));
                Assert.All(image.Vmas, vma => Assert.All(vma.Chain.Append(vma.AnonVma), id => Assert.InRange(id, 0UL, 1UL << 32)));
            }
        }

        Assert.True(nodes > 0);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void AssertWhole(ReplayResult result)
    {
        FidelityScore all = result.Fidelity.All;
        Assert.Equal(TraceGrade.Complete, result.Grade);
        Assert.True(result.Fidelity.Quiescent.Checkpoints > 0);
        Assert.True(all.Vmas.Total > 0 && all.GraphVmas.Total > 0);
        Assert.Equal(all.Vmas.Total, all.Vmas.Matched);
        Assert.Equal(all.GraphVmas.Total, all.GraphVmas.Matched);
        Assert.Equal(all.GraphNodes.Total, all.GraphNodes.Matched);
    }

    private static ReplayResult Replay(byte[] trace)
    {
        using TraceReader reader = TraceReader.Open(new MemoryStream(trace));
        return TraceReplay.Run(reader, new ReplayOptions { Design = DesignChoice.Parse("anon-vma-chain") });
    }

    private byte[] Record(string mode, int number)
    {
        try
        {
            using Recorder recorder = Recorder.Prepare(new RecorderOptions
            {
                Command = [Compile(), mode, number.ToString(CultureInfo.InvariantCulture)],
            });
            MemoryStream trace = new();
            using (TraceWriter writer = new(trace, recorder.Header))
            {
                RecordingOutcome outcome = recorder.Run(writer);
                Assert.Equal((0, 0), (outcome.ExitStatus, outcome.Counts.Lost));
            }

            return trace.ToArray();
        }
        catch (RecorderUnavailableException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    private string Compile()
    {
        string program = Path.Combine(_folder.FullName, "family");
        if (!File.Exists(program))
        {
            string source = Path.Combine(AppContext.BaseDirectory, "Programs", "family.c");
            Assert.SkipUnless(Has("clang"), "clang is missing");
            using Process compiler = Process.Start("clang", ["-O1", "-Wall", "-o", program, source]);
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }

        return program;
    }

    private static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));
}
