using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>Machines that run at once share the memory that one may take; one that needs more runs alone.</summary>
public sealed class SharedMemoryLimitTests : IDisposable
{
    private const ulong Pages = 2_600_000;

    private readonly string _trace = Path.GetTempFileName();

    public void Dispose() => File.Delete(_trace);

    [Theory]
    [InlineData(1, 160, true)]
    [InlineData(2, 160, true)]
    [InlineData(1, 80, false)]
    [InlineData(2, 80, false)]
    public void TheLimitIsThatOfAMachineAlone(int jobs, long limitMiB, bool isEnough)
    {
        using (FileStream file = File.Create(_trace))
        using (TraceWriter writer = new(file, new TraceHeader { Source = "test" }))
        {
            const ulong Start = 0x7000_0000_0000;
            writer.Write(new TraceEvent
            {
                Kind = TraceEventKind.Mmap,
                Mm = 1,
                Arg0 = Start,
                Arg1 = Pages << Page.Shift,
                Arg2 = 3,
                Arg3 = 0x32,
                Result = (long)Start,
            });
            writer.Write(new TraceEvent { Kind = TraceEventKind.Populate, Mm = 1, Arg0 = Start, Arg1 = Pages << Page.Shift, Arg2 = 1 });
        }

        using TraceInput input = TraceInput.Open(_trace);
        ReplayOptions options = new() { Design = DesignChoice.Parse("pte-chain"), MemoryLimitBytes = limitMiB << 20 };
        IReadOnlyList<DesignChoice> designs = [DesignChoice.Parse("anon-vma-chain"), DesignChoice.Parse("pte-chain")];
        DesignComparison Compare() => DesignComparison.Run([input], designs, options, jobs);
        if (isEnough)
        {
            IReadOnlyList<ReplayResult> results = Compare().Traces[0].Designs;
            Assert.Equal(["anon-vma-chain", "pte-chain"], results.Select(result => result.Name));
        }
        else
        {
            InputException refused = Assert.Throws<InputException>(Compare);
            Assert.Contains($"would need more than {limitMiB} MiB", refused.Message);
        }
    }
}
