using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// The conformance suite in short under the newest rules, on every design of the catalogue: what a program sees is the
/// model's business, and no rule set changes that.
/// </summary>
/// <remarks>
/// Strategy: that of RandomOperationsTests, by the rules of the newest kernel, from seed 1.
/// </remarks>
public sealed class NewestRulesTests
{
    private const int StepsPerScenario = 60;

    private static KernelRules Newest => KernelRules.All[^1];

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModel(string design) =>
        Check(design, 50, seed => new ScenarioMaker(seed).Make(StepsPerScenario));

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelWhenVmasRunOut(string design) =>
        Check(design, 20, seed => new ScenarioMaker(seed).MakeCramped(StepsPerScenario));

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelWhenAllocationsFail(string design) =>
        Check(design, 30, seed => new ScenarioMaker(seed).MakeFailing(StepsPerScenario));

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelInLargeUnits(string design) =>
        Check(design, 5, seed => new ScenarioMaker(seed).MakeLarge(StepsPerScenario));

    [Theory]
    [MemberData(nameof(ScenarioFilesTests.Cases), MemberType = typeof(ScenarioFilesTests))]
    public void RunsEveryScenarioFile(string file, string design)
    {
        Scenario scenario = Scenario.Parse(ScenarioFilesTests.Read(file)) with { IsStrict = true };
        Failure? failure = ScenarioRun.Run(DesignCases.Named(design), scenario, rules: Newest);
        Assert.True(failure is null, $"{design}, step {failure?.Step}: {failure?.Message}\n{scenario}");
    }

    private static void Check(string design, int runs, Func<ulong, Scenario> make)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        for (ulong seed = 1; seed <= (ulong)runs; seed++)
        {
            Failure? Run(Scenario each) => ScenarioRun.Run(entry, each, Checking.EveryStep, rules: Newest);
            Scenario scenario = make(seed);
            if (Run(scenario) is not null)
            {
                Scenario small = Shrinker.Shrink(scenario, each => Run(each) is not null);
                Assert.Fail($"{design}, seed {seed}: {Run(small)?.Message}\nscenario:\n{small}");
            }
        }
    }
}
