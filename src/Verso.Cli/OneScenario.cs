using Verso.Lab.Scenarios;

namespace Verso.Cli;

/// <summary>A scenario that is looked at step by step: of a directory of many, one has to be named.</summary>
internal static class OneScenario
{
    /// <param name="name">A file, or a directory.</param>
    /// <exception cref="UsageException">It holds several.</exception>
    internal static Scenario Of(string name)
    {
        IReadOnlyList<Scenario> scenarios = ScenarioFiles.Read([name]);
        return scenarios.Count == 1 ? scenarios[0]
            : throw new UsageException($"'{name}' holds {scenarios.Count} scenarios: name one of them");
    }
}
