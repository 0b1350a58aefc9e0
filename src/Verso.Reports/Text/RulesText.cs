using Verso.Engine;
using Verso.Lab.Explain;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>Which kernel's rules a result was computed by, and how far they are known to be the right ones.</summary>
internal static class RulesText
{
    /// <summary>For an explanation: one sentence; empty where the engine was compared with that very release.</summary>
    internal static string Of(SpaceExplanation explanation)
    {
        RulesChoice choice = explanation.Choice;
        return choice.Basis == RulesBasis.Compared ? "" : $"using the rules of {Of(choice)}";
    }

    /// <summary>A phrase: <c>Linux 6.18.44</c>, and what makes them doubtful.</summary>
    internal static string Of(RulesChoice choice)
    {
        string kernel = Printable.Of(choice.Kernel);
        string rules = choice.Rules.Release;
        return choice.Basis switch
        {
            RulesBasis.Compared => $"Linux {rules}",
            RulesBasis.Series =>
                $"Linux {rules}, the release of that series that was verified: {kernel} may differ by "
                + "stable fixes",
            RulesBasis.Versions =>
                $"Linux {rules}, put together from the versions that changes came in, not verified: "
                + "kernels between 6.12 and 6.18 that were tried differ from any rules here in a few scenarios",
            RulesBasis.Unknown => $"Linux {rules}: the kernel it was recorded on is unknown",
            RulesBasis.Chosen when kernel.Length > 0 => $"Linux {rules}, as chosen; the kernel was {kernel}",
            RulesBasis.Chosen => $"Linux {rules}, as chosen",
            _ => $"Linux {rules}: there are none for {kernel}",
        };
    }

    /// <summary>In one word or none, for lines that have no room.</summary>
    internal static string Brief(RulesChoice choice) => choice.Basis == RulesBasis.Compared
        ? choice.Rules.Release
        : $"{choice.Rules.Release} ({Kebab.Of(choice.Basis.ToString())})";
}
