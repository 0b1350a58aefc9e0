using System.Runtime.CompilerServices;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;

namespace Verso.Lab.Tests;

/// <summary>
/// The recordings in examples/ carry the kernel's own state: every replay must have all of it, and every walk of every
/// design must be complete and exact at every checkpoint.
/// </summary>
public sealed class ExampleTests
{
    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder(), "*.verso")
        .Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheReplayHasEveryVmaAndEveryChainOfTheKernel(string name)
    {
        FidelityScore all = Compare(name, Verification.None).Reference.Fidelity.All;
        Assert.True(all.Checkpoints > 0);
        Assert.True(all.Vmas.Total > 0 && all.GraphVmas.Total > 0);
        Assert.Equal(all.Vmas.Total, all.Vmas.Matched);
        Assert.Equal(all.GraphVmas.Total, all.GraphVmas.Matched);
        Assert.Equal(all.GraphNodes.Total, all.GraphNodes.Matched);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("git-repack")]
    [InlineData("redis-bgsave")]
    public void EveryWalkOfEveryDesignIsCompleteAndExact(string name) => Assert.All(
        Compare(name, Verification.AtCheckpoints).Designs, design => Assert.Empty(design.Fidelity.Violations));

    [Fact]
    public void ReplaysAreDeterministic()
    {
        TraceComparison first = Compare("git-repack", Verification.None);
        TraceComparison second = Compare("git-repack", Verification.None);
        foreach ((ReplayResult one, ReplayResult other) in first.Designs.Zip(second.Designs))
        {
            Assert.Equal(one.Objects, other.Objects);
            Assert.Equivalent(one.Work, other.Work, strict: true);
        }
    }

    [Fact]
    public void NoRaceHadToBeDecidedByTheLog() => Assert.All(
        Names.Select(row => row.Data), name => Assert.Equal(0, Compare(name, Verification.None).Reference.Work.PreparedByLog));

    private static TraceComparison Compare(string name, Verification verification)
    {
        using TraceInput input = TraceInput.Open(Path.Combine(Folder(), name + ".verso"));
        IReadOnlyList<DesignChoice> designs = DesignChoice.ParseList("all");
        ReplayOptions options = new() { Design = designs[0], Verification = verification };
        return DesignComparison.Run([input], designs, options, jobs: 2).Traces[0];
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../examples"));
}
