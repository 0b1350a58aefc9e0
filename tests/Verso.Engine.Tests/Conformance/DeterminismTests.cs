using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>S7: the same steps give the same state, counts and output, byte for byte.</summary>
/// <remarks>
/// Strategy: random scenarios, failing allocations among them, are run twice, and alone and beside others; the whole
/// records must be equal.
/// </remarks>
public sealed class DeterminismTests
{
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void TwoRunsLookTheSame(string design)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        for (ulong seed = 1; seed <= 25; seed++)
        {
            Scenario scenario = new ScenarioMaker(seed).MakeFailing(80);
            string first = ScenarioRun.Record(entry, scenario);
            string second = ScenarioRun.Record(entry, scenario);
            Assert.True(first == second, $"seed {seed}: {FirstDifference(first, second)}");
            Assert.Contains("vm_area_struct", first, StringComparison.Ordinal);
        }
    }

    /// <summary>A machine must not be disturbed by another that runs between its steps.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void ARunAfterOthersLooksTheSame(string design)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        Scenario scenario = new ScenarioMaker(3).Make(80);
        string first = ScenarioRun.Record(entry, scenario);
        foreach (Catalogue.Entry other in Catalogue.Designs)
        {
            _ = ScenarioRun.Record(other, new ScenarioMaker(4).Make(80));
        }

        Assert.Equal(first, ScenarioRun.Record(entry, scenario));
    }

    /// <summary>
    /// The verdict of a merge is a question: whoever asks it, as explain does, changes no state and no count.
    /// </summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void ARunThatIsAskedForVerdictsLooksTheSame(string design)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        for (ulong seed = 1; seed <= 12; seed++)
        {
            Scenario scenario = new ScenarioMaker(seed).Make(80);
            string first = ScenarioRun.Record(entry, scenario);
            string second = ScenarioRun.Record(entry, scenario, Verdicts.Asked);
            Assert.True(first == second, $"seed {seed}: {FirstDifference(first, second)}");
        }
    }

    private static string FirstDifference(string first, string second)
    {
        string[] left = first.Split('\n');
        string[] right = second.Split('\n');
        int at = 0;
        while (at < left.Length && at < right.Length && left[at] == right[at])
        {
            at++;
        }

        return $"line {at}: {left.ElementAtOrDefault(at)} | {right.ElementAtOrDefault(at)}";
    }
}
