namespace Verso.Engine;

/// <summary>Which rules a result was computed by, and how far they are known to be those of its kernel.</summary>
/// <param name="Rules">The rules.</param>
/// <param name="Basis">How they were found.</param>
/// <param name="Kernel">The kernel, as <c>uname -r</c> has it; empty if unknown.</param>
public sealed record RulesChoice(KernelRules Rules, RulesBasis Basis, string Kernel)
{
    /// <summary>The rules for a kernel: the one place that decides.</summary>
    /// <param name="kernel">As <c>uname -r</c> has it; empty if unknown.</param>
    /// <param name="chosen">Rules that the user chose instead; null if none.</param>
    public static RulesChoice For(string kernel, KernelRules? chosen = null)
    {
        KernelRules rules = chosen ?? KernelRules.Nearest(kernel);
        return new RulesChoice(rules, chosen is null ? rules.BasisFor(kernel) : RulesBasis.Chosen, kernel);
    }

    /// <summary>
    /// Rules by a release that a user named: "6.12", "6.12.117". Throws <see cref="FormatException"/>, whose message
    /// names what there is.
    /// </summary>
    public static KernelRules Parse(string release)
    {
        ArgumentNullException.ThrowIfNull(release);
        KernelRules rules = KernelRules.Nearest(release);
        return rules.BasisFor(release) is not (RulesBasis.Other or RulesBasis.Unknown)
            ? rules
            : throw new FormatException(
                $"no rules for Linux '{release}'; there are "
                + $"{string.Join(", ", KernelRules.All.Select(each => each.Release))}, and 6.13 to 6.17");
    }
}
