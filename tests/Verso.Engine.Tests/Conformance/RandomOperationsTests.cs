using System.Globalization;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// S1, S2, S3, S5 and S6 by random scenarios, on every design of the catalogue.
/// </summary>
/// <remarks>
/// The seeds are fixed, so that every run checks the same. More of them: set VERSO_CONFORMANCE_RUNS (a count a test)
/// and VERSO_CONFORMANCE_SEED (the first seed).
/// Strategy: steps that mostly succeed, in a window so small that ranges meet; after each the engine is compared with
/// the abstract model, page by page. A failure is shrunk to the fewest steps and printed as a scenario.
/// </remarks>
public sealed class RandomOperationsTests
{
    private const int StepsPerScenario = 60;

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModel(string design) =>
        Check(design, 150, seed => new ScenarioMaker(seed).Make(StepsPerScenario));

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelWhenVmasRunOut(string design) =>
        Check(design, 60, seed => new ScenarioMaker(seed).MakeCramped(StepsPerScenario));

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelWhenAllocationsFail(string design) =>
        Check(design, 80, seed => new ScenarioMaker(seed).MakeFailing(StepsPerScenario));

    /// <summary>Ranges that are leaf tables (moved whole by mremap) or lie across them.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelInLargeUnits(string design) =>
        Check(design, 15, seed => new ScenarioMaker(seed).MakeLarge(StepsPerScenario));

    /// <summary>Where objects hold the pages, page tables may be dropped at any time and nobody notices.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.ObjectOwned), MemberType = typeof(DesignCases))]
    public void AgreesWithTheModelWhenTablesAreDropped(string design)
    {
        Assert.SkipUnless(DesignCases.IsChosen(design), "not chosen");
        Check(
            design,
            80,
            seed => (seed & 1) == 0
                ? new ScenarioMaker(seed).MakeFailing(StepsPerScenario)
                : new ScenarioMaker(seed).Make(StepsPerScenario),
            TableDrops.Often);
    }

    private static void Check(
        string design, int runs, Func<ulong, Scenario> make, TableDrops drops = TableDrops.Never)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        ulong first = Setting("VERSO_CONFORMANCE_SEED", 1);
        ulong count = Setting("VERSO_CONFORMANCE_RUNS", (ulong)runs);
        for (ulong seed = first; seed < first + count; seed++)
        {
            Scenario scenario = make(seed);
            if (ScenarioRun.Run(entry, scenario, Checking.Often, drops) is not null)
            {
                Assert.Fail(Report(entry, seed, scenario, drops));
            }
        }
    }

    private static string Report(Catalogue.Entry entry, ulong seed, Scenario scenario, TableDrops drops)
    {
        Failure? Rerun(Scenario each) => ScenarioRun.Run(entry, each, Checking.EveryStep, drops);
        Scenario small = Shrinker.Shrink(scenario, each => Rerun(each) is not null);
        Failure? failure = Rerun(small);
        return $"{entry.Facts.Name}, seed {seed}: {failure?.Message}\nscenario:\n{small}";
    }

    private static ulong Setting(string name, ulong otherwise) =>
        Environment.GetEnvironmentVariable(name) is string text
            ? ulong.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
