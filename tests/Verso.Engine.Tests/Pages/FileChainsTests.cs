using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Conformance;
using RandomScenario = Verso.Engine.Tests.Conformance.Scenario;

namespace Verso.Engine.Tests.Pages;

/// <summary>pte-chain with chains for file pages, against the abstract model: an option the catalogue does not name.</summary>
public sealed class FileChainsTests
{
    private const int StepCount = 60;

    private static readonly Catalogue.Entry Entry = new(
        Catalogue.Find("pte-chain")!.Facts,
        options => Catalogue.Find("pte-chain")!.Create(
            options with { Design = new Dictionary<string, string> { ["files"] = "true" } }));

    [Fact]
    public void Agree_with_the_model() => Check(60, seed => new OpGenerator(seed).Make(StepCount));

    [Fact]
    public void Agree_with_the_model_when_allocations_fail() =>
        Check(60, seed => new OpGenerator(seed).MakeFailing(StepCount));

    [Fact]
    public void Agree_with_the_model_in_large_units() => Check(8, seed => new OpGenerator(seed).MakeLarge(StepCount));

    private static void Check(int runs, Func<ulong, RandomScenario> make)
    {
        for (ulong seed = 1; seed <= (ulong)runs; seed++)
        {
            RandomScenario scenario = make(seed);
            if (ScenarioRun.Run(Entry, scenario, Checking.Often) is null)
            {
                continue;
            }

            RandomScenario small = Shrinker.Shrink(scenario, each => ScenarioRun.Run(Entry, each) is not null);
            Assert.Fail($"seed {seed}: {ScenarioRun.Run(Entry, small)?.Message}\nscenario:\n{small}");
        }
    }
}
