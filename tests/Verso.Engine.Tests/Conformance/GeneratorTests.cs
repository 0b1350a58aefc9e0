using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Model;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Random scenarios test only what they reach: counts of what happens in a hundred of them.</summary>
/// <remarks>
/// Strategy: what the seeds of the other random tests make is counted: each hard case must be among it.
/// </remarks>
public sealed class GeneratorTests
{
    [Fact]
    public void ReachesWhatIsHard()
    {
        Tally tally = new();
        for (ulong seed = 1; seed <= 100; seed++)
        {
            tally.Run(new ScenarioMaker(seed).Make(60));
        }

        Assert.InRange(tally.Succeeded, tally.Steps * 6 / 10, tally.Steps * 95 / 100);
        Assert.True(tally.MergesDone > 250, $"merges done: {tally.MergesDone}");
        Assert.All(
            [MergeTests.Flags, MergeTests.AnonVma, MergeTests.ForkedChain, MergeTests.PageOffset],
            test => Assert.True(tally.Refused(test) > 25, $"merges refused by {test}: {tally.Refused(test)}"));
        Assert.True(tally.Copied > 150, $"copied: {tally.Copied}");
        Assert.True(tally.Reused > 50, $"reused: {tally.Reused}");
        Assert.True(tally.Moved > 200, $"moved: {tally.Moved}");
        Assert.True(tally.Forks > 150, $"forks: {tally.Forks}");
    }

    [Fact]
    public void LargeUnitsMoveWholeTables()
    {
        Tally tally = new();
        for (ulong seed = 1; seed <= 10; seed++)
        {
            tally.Run(new ScenarioMaker(seed).Make(60) with { PagesPerUnit = 512 });
        }

        Assert.True(tally.TablesMoved > 5, $"tables moved: {tally.TablesMoved}");
    }

    [Fact]
    public void TheSameSeedGivesTheSameScenario() =>
        Assert.Equal(new ScenarioMaker(5).MakeFailing(100).ToString(), new ScenarioMaker(5).MakeFailing(100).ToString());

    private sealed class Tally
    {
        private readonly long[] _refused = new long[Counters.MergeTestCount];

        public int Steps { get; private set; }

        public int Succeeded { get; private set; }

        public long MergesDone { get; private set; }

        public long Copied { get; private set; }

        public long Reused { get; private set; }

        public long Moved { get; private set; }

        public long TablesMoved { get; private set; }

        public long Forks { get; private set; }

        public long Refused(MergeTests test) =>
            _refused[System.Numerics.BitOperations.TrailingZeroCount((uint)test)];

        public void Run(Scenario scenario)
        {
            Catalogue.Entry design = DesignCases.Named("anon-vma-chain");
            EngineStage driver = new(design, scenario);
            AbstractModel model = new(driver.Window);
            foreach (Op op in scenario.Ops)
            {
                if (!model.IsPossible(op))
                {
                    continue;
                }

                Outcome outcome = driver.Do(op);
                model.Apply(op, outcome);
                Steps++;
                Succeeded += outcome is { Errno: Errno.None, Fault: FaultOutcome.Done } ? 1 : 0;
            }

            Counters counters = driver.Machine.Counters;
            MergesDone += counters.MergesDone;
            Copied += counters.FaultCopied;
            Reused += counters.FaultReused;
            Moved += counters.PtesMoved;
            TablesMoved += counters.TablesMoved;
            Forks += counters.ForkCount;
            for (int test = 0; test < _refused.Length; test++)
            {
                _refused[test] += counters.MergesRefused[test];
            }
        }
    }
}
