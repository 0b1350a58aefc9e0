using Verso.Engine;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>Which kernel's rules an explanation went by, and how far they are known to be the right ones.</summary>
internal static class RulesText
{
    /// <summary>One sentence; empty where the engine was compared with that very release.</summary>
    internal static string Of(SpaceExplanation explanation)
    {
        string kernel = Printable.Of(explanation.Kernel);
        string rules = explanation.Rules.Release;
        return explanation.Rules.BasisFor(explanation.Kernel) switch
        {
            RulesBasis.Compared => "",
            RulesBasis.Series =>
                $"by the rules of Linux {rules}, the release of the series that they were compared with: {kernel} may "
                + "have fewer or more of its corrections",
            RulesBasis.Versions =>
                $"by rules put together for Linux {rules} from the versions that changes came in, not verified: "
                + "kernels between 6.12 and 6.18 that were tried differ from any rules here in a few scenarios",
            _ => $"by the rules of Linux {rules}: those of {kernel} are not known here",
        };
    }
}
