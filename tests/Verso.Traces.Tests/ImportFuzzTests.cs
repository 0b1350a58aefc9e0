using System.Text;
using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

/// <summary>
/// Damaged text never does worse than an <see cref="ImportException"/>, and what it gives is a sound trace.
/// </summary>
/// <remarks>
/// Strategy: real texts are damaged in few places, so that most get past the first line; and texts of random
/// characters, most of them those that grammars look for. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class ImportFuzzTests
{
    private const int Rounds = 400;

    [Theory]
    [InlineData("strace-f-o-y.txt")]
    [InlineData("strace-f-stderr.txt")]
    [InlineData("strace-threads-threadexec.txt")]
    [InlineData("perf-script-syscalls.txt")]
    [InlineData("perf-script-errors.txt")]
    [InlineData("perf-script-d-mmap2.txt")]
    public void DamagedTextsAreImportedOrRefused(string name)
    {
        int seed = RandomSeed.First;
        string text = Import.Fixture(name);
        for (int round = 0; round < Rounds; round++)
        {
            string damaged = Damage.Text(text, 40, new Random(seed + round));
            Check(damaged, name, seed + round);
        }
    }

    [Fact]
    public void RandomCharactersAreRefused()
    {
        int seed = RandomSeed.First;
        for (int round = 0; round < Rounds; round++)
        {
            Random random = new(seed + round);
            StringBuilder text = new();
            for (int i = random.Next(3000); i > 0; i--)
            {
                bool isAny = random.Next(3) == 0;
                text.Append(isAny ? (char)random.Next(1, 300) : "0123 ()<>=,.|\"[]:x+-\n"[random.Next(21)]);
            }

            Check(text.ToString(), "strace random", seed + round);
            Check(text.ToString(), "perf random", seed + round);
        }
    }

    [Theory]
    [InlineData("7 mmap(")]
    [InlineData("7 mmap(NULL, 1<<")]
    [InlineData("strace: Process 5 attached")]
    [InlineData("[pid ")]
    [InlineData("1.000000: ")]
    public void OneEndlessLineIsCutNotKept(string piece)
    {
        string text = string.Concat(Enumerable.Repeat(piece, 300_000));
        Check(text, "strace endless", 0);
        Check(text, "perf endless", 0);
    }

    private static void Check(string text, string name, int seed)
    {
        MemoryStream stream = new();
        TraceWriter? writer = null;
        ITraceSink Begin(TraceHeader header) => writer = new TraceWriter(stream, header);
        try
        {
            ImportSummary summary = name.StartsWith("strace", StringComparison.Ordinal)
                ? StraceImporter.Import(new StringReader(text), Begin)
                : PerfScriptImporter.Import(new StringReader(text), Begin);
            writer!.Dispose();
            using TraceReader reader = TraceReader.Open(new MemoryStream(stream.ToArray()));
            Assert.True(summary.Events == Samples.ReadAll(reader), $"{name}, seed {seed}: events");
        }
        catch (ImportException e)
        {
            Assert.False(e.Message.Contains('\n'), $"{name}, seed {seed}: {e.Message}");
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{name}, seed {seed}: {e}");
        }
    }
}
