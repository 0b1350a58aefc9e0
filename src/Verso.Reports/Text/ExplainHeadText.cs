using System.Globalization;
using System.Text;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>The first lines of an explanation: how many VMAs, the main cause, what it went by.</summary>
internal static class ExplainHeadText
{
    internal static void Append(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        text.Append(palette.Bold(Who(explanation))).Append(Verdict(explanation)).Append('\n');
        text.Append(Figures.Plural(explanation.Boundaries.Count, "adjacent pair", "adjacent pairs"))
            .Append(": ").Append(Figures.Count(explanation.PossiblePairs)).Append(" could be one VMA, ")
            .Append(Figures.Count(explanation.Boundaries.Count - explanation.PossiblePairs)).Append(" never");
        text.Append(explanation.Holes.All.Count == 0 ? "\n"
            : $"; {Figures.Plural(explanation.Holes.All.Count, "pair", "pairs")} separated by a hole\n");
        AppendLimit(text, explanation, palette);
        AppendCause(text, explanation);
        AppendNotes(text, explanation);
    }

    /// <summary>The process, in two words.</summary>
    internal static string Who(SpaceExplanation explanation) => string.Create(
        CultureInfo.InvariantCulture, $"{explanation.Process.Pid} {Printable.Of(explanation.Process.Command)}");

    /// <summary>How many VMAs it has, beside how many it may have; what follows its name.</summary>
    internal static string Verdict(SpaceExplanation explanation)
    {
        int left = explanation.MaxMapCount - explanation.VmaCount;
        double share = 100.0 * explanation.VmaCount / Math.Max(1, explanation.MaxMapCount);
        return $": {Figures.Plural(explanation.VmaCount, "VMA", "VMAs")}"
            + string.Create(
                CultureInfo.InvariantCulture, $", {share:F1} % of vm.max_map_count ({explanation.MaxMapCount}); ")
            + $"{Figures.Count(Math.Max(0, left))} left";
    }

    private static void AppendLimit(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        IReadOnlyList<LimitedCall> failing =
            VmaLimit.FailingWith(explanation.MaxMapCount - explanation.VmaCount);
        if (failing.Count == 0 || explanation.MaxMapCount == 0)
        {
            return;
        }

        IEnumerable<string> errors = failing.GroupBy(call => call.Error).Select(calls =>
            string.Join(", ", calls.Select(call => call.Of.Length == 0 ? call.Name : $"{call.Name} {call.Of}"))
            + $" with {calls.Key}");
        StringBuilder lines = new();
        Prose.Wrap(lines, "", $"at the limit, these calls now fail: {string.Join("; ", errors)}", 2);
        text.Append(palette.Bad(lines.ToString().TrimEnd('\n'))).Append('\n');
    }

    private static void AppendCause(StringBuilder text, SpaceExplanation explanation)
    {
        if (MainCause.Of(explanation) is MainCause main)
        {
            string pairs = Figures.Plural(main.DetailPairs, "pair", "pairs");
            Prose.Wrap(text, "", $"main cause: {main.Detail}, {pairs}", 2);
            Prose.Wrap(text, "  > ", RemedyText.Short(main.Offer), 4);
        }
    }

    private static void AppendNotes(StringBuilder text, SpaceExplanation explanation)
    {
        string rules = RulesText.Of(explanation);
        if (rules.Length > 0)
        {
            Prose.Wrap(text, "", rules, 2);
        }

        if (explanation.OneWayPairs > 0)
        {
            text.Append("Linux 6.16 and later would have merged more: at best ")
                .Append(Figures.Plural(explanation.VmasWithoutOneWay, "VMA", "VMAs")).Append('\n');
        }

        if (explanation.Source == ExplanationSource.Proc)
        {
            Prose.Wrap(
                text,
                "",
                explanation.Untold == MergeTests.None
                    ? "read from /proc, which shows all that matters for these pairs"
                    : "read from /proc, which does not show for every pair: "
                        + MergeText.Names(explanation.Untold, ", "),
                2);
        }

        if (explanation.Process.Reading == GraphReading.Changed)
        {
            text.Append("the VMAs changed while being read: some pairs may never have been adjacent\n");
        }
    }
}
