using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What theories run over.</summary>
public static class DesignCases
{
    /// <summary>The name of every design of the catalogue: a new one gets the whole suite by being in it.</summary>
    public static TheoryData<string> All { get; } = [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    internal static Catalogue.Entry Named(string name) =>
        Catalogue.Find(name) ?? throw new ArgumentException($"no design {name}");

    /// <summary>Fails with the scenario as text if it fails on this design.</summary>
    internal static void AssertRuns(Catalogue.Entry design, Scenario scenario)
    {
        Failure? failure = ScenarioRun.Run(design, scenario);
        Assert.True(failure is null, $"{design.Facts.Name}, step {failure?.Step}: {failure?.Message}\n{scenario}");
    }
}
