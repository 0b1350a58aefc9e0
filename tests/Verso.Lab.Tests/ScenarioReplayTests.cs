using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>What compare says of a scenario is what a machine has that plays it.</summary>
public sealed class ScenarioReplayTests
{
    /// <summary>Of the library so many, one as long as another: all of it in all designs takes a quarter of a minute.</summary>
    private const int Every = 16;

    private static IEnumerable<Scenario> Library => ScenarioFiles.Read([ScenarioLibraryTests.Folder()]).Where((_, at) => at % Every == 0);

    [Fact]
    public void TheFiguresAreThoseOfAMachineThatPlaysIt()
    {
        foreach (DesignChoice design in DesignChoice.ParseList("anon-vma-chain,pte-chain,reflink,cow-context"))
        {
            foreach (Scenario scenario in Library)
            {
                ReplayResult result = ScenarioReplay.Run(
                    scenario, new ReplayOptions { Design = design, ProbeInterval = 0 }, TestContext.Current.CancellationToken);
                EngineStage stage = new(design.Chosen, scenario, KernelRules.Reference);
                foreach (Op op in scenario.Ops)
                {
                    stage.Do(op);
                }

                string name = $"{scenario.Name} in {design.Name}";
                Counters counters = stage.Machine.Counters;
                Assert.True(scenario.Ops.Count == result.Events, name);
                Assert.Equal(0, result.Work.WalkCount);
                Assert.True(
                    (counters.MergesDone, counters.PtesCopied, counters.FaultCount)
                        == (result.Work.MergesDone, result.Work.PtesCopied, result.Work.FaultCount),
                    name);
                Assert.True(stage.Machine.Ledger.Rows.Select(row => (row.Name, row.Live, row.Peak, row.Allocated)).SequenceEqual(
                    result.Objects.Select(row => (row.Name, row.Live, row.Peak, row.Allocated))), name);
            }
        }
    }

    /// <summary>The promises of each design after each step, and nothing left behind at the end.</summary>
    [Fact]
    public void EveryDesignIsVerifiedAndWalksForTheSamePages()
    {
        TraceInput[] inputs = [.. Library.Select(scenario => TraceInput.Open(scenario.Name))];
        DesignComparison comparison = DesignComparison.Run(
            inputs,
            DesignChoice.All,
            new ReplayOptions { Design = ReferenceDesign.Choice, Verification = Verification.AtCheckpoints },
            jobs: 1,
            cancellation: TestContext.Current.CancellationToken);
        Assert.All(comparison.Traces, trace =>
        {
            Assert.NotNull(trace.Scenario);
            Assert.All(trace.Designs, design => Assert.Empty(design.Fidelity.Violations));
            Assert.True(trace.Designs.Select(design => design.Events).Distinct().Count() == 1, trace.Name);
            Assert.True(
                trace.Designs.Select(design => design.Work.WalkCount).Distinct().Count() == 1,
                $"{trace.Name}: {string.Join(' ', trace.Designs.Select(design => $"{design.Name} {design.Work.WalkCount}"))}");
        });
        Assert.Contains(comparison.Traces, trace => trace.Reference.Work.WalkCount > 0);
    }
}
