using System.Text;
using Verso.Lab.Fidelity;

namespace Verso.Reports.Text;

/// <summary>How well a replay matched the kernel, in a few lines.</summary>
public static class FidelityText
{
    /// <summary>
    /// One phrase, for a line that says more: <c>VMAs 100 %, anon_vma graph 99.80 % at 12 checkpoints</c>.
    /// </summary>
    public static string Phrase(FidelityResult fidelity)
    {
        ArgumentNullException.ThrowIfNull(fidelity);
        FidelityScore all = fidelity.All;
        return all.Checkpoints == 0 || fidelity.Scope == FidelityScope.Exact
            ? Phrase(all.Checkpoints, all.Vmas, all.GraphVmas)
            : $"mapped ranges {Figures.Percent(all.Ranges)} at {Checkpoints(all.Checkpoints)}";
    }

    /// <summary>The same of the kernel's own design.</summary>
    internal static string Phrase(long checkpoints, Agreement vmas, Agreement graph) => checkpoints == 0
        ? "unknown (no checkpoints)"
        : $"VMAs {Figures.Percent(vmas)}, anon_vma graph {Figures.Percent(graph)} at {Checkpoints(checkpoints)}";

    private static string Checkpoints(long count) => Figures.Plural(count, "checkpoint", "checkpoints");

    /// <summary>All of it, quiescent checkpoints and others apart, with the causes of what differs.</summary>
    public static string Render(FidelityResult fidelity, Palette palette) =>
        Headline(fidelity, palette) + Details(fidelity, palette);

    /// <summary>The first line of it.</summary>
    internal static string Headline(FidelityResult fidelity, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(fidelity);
        return fidelity.All.Checkpoints == 0
            ? "  fidelity   unknown: the trace has no checkpoints\n"
            : $"  fidelity   {Paint(palette, fidelity)}\n";
    }

    /// <summary>The other lines.</summary>
    internal static string Details(FidelityResult fidelity, Palette palette)
    {
        StringBuilder text = new();
        AppendScore(text, "quiescent", fidelity.Quiescent, fidelity.Scope);
        AppendScore(text, "concurrent", fidelity.Concurrent, fidelity.Scope);
        if (fidelity.Scope == FidelityScope.Exact && fidelity.Causes.Count > 0)
        {
            text.Append("  causes     ").AppendJoin(", ", fidelity.Causes.Select(cause =>
                $"{DifferenceText.Name(cause.Key)} {Figures.Count(cause.Value)}")).Append('\n');
        }

        if (fidelity.BreakDifferences > 0)
        {
            string checkpoints = Figures.Plural(fidelity.BreakDifferences, "checkpoint", "checkpoints");
            text.Append($"  brk        differs at {checkpoints}\n");
        }

        AppendVerification(text, fidelity, palette);
        return text.ToString();
    }

    private static void AppendVerification(StringBuilder text, FidelityResult fidelity, Palette palette)
    {
        if (fidelity.Verifications > 0)
        {
            string checks = Figures.Plural(fidelity.Verifications, "time", "times");
            text.Append($"  verified   {checks}, every walk of every frame and all state: ")
                .Append(fidelity.Violations.Count == 0 ? palette.Good("no violation") : palette.Bad("violated"))
                .Append('\n');
        }

        foreach (string violation in fidelity.Violations)
        {
            text.Append("             ").Append(violation).Append('\n');
        }
    }

    private static string Paint(Palette palette, FidelityResult fidelity) =>
        fidelity.IsFull ? palette.Good(Phrase(fidelity)) : palette.Bad(Phrase(fidelity));

    private static void AppendScore(StringBuilder text, string name, FidelityScore score, FidelityScope scope)
    {
        if (score.Checkpoints == 0)
        {
            return;
        }

        string checkpoints = Figures.Plural(score.Checkpoints, "checkpoint", "checkpoints");
        string agreement = scope == FidelityScope.Exact
            ? $"VMAs {Figures.Agreement(score.Vmas)}, graph {Figures.Agreement(score.GraphVmas)}, "
                + $"anon_vmas {Figures.Agreement(score.GraphNodes)}"
            : $"mapped ranges {Figures.Agreement(score.Ranges)}";
        text.Append($"  {name,-10} {checkpoints}: {agreement}\n");
    }
}
