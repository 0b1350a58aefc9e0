using System.Text;
using Verso.Lab.Scenarios;

namespace Verso.Reports.Text;

/// <summary>What a scenario is, where a recording has its fidelity: nothing in it was recorded.</summary>
internal static class ScenarioText
{
    /// <summary>The first lines below its name.</summary>
    internal static string Headline(Scenario scenario)
    {
        StringBuilder text = new();
        Prose.Wrap(text, "  scenario   ", Phrase(scenario), 13);
        return text.ToString();
    }

    /// <summary>Why it exists, in its own words; else how many steps it has.</summary>
    internal static string Phrase(Scenario scenario) => scenario.Purpose.Length > 0
        ? Printable.Of(scenario.Purpose.ReplaceLineEndings(" "))
        : Figures.Plural(scenario.Ops.Count, "step", "steps");
}
