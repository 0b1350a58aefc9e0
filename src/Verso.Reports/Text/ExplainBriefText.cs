using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>
/// The answer in a few lines: how many VMAs, what keeps most of them apart, where, what to do, and what is left then.
/// </summary>
public static class ExplainBriefText
{
    /// <summary>Blanks before what follows a label in further lines.</summary>
    private const int Indent = 7;

    /// <summary>Lines of a remedy; of a longer one the first sentence.</summary>
    private const int MostRemedyLines = 2;

    /// <summary>A few lines; no address is divided.</summary>
    /// <param name="explanation">What there is to say.</param>
    /// <param name="width">Columns.</param>
    /// <param name="palette">Colours.</param>
    /// <param name="pointsToFull">Says how to see more.</param>
    public static string Render(
        SpaceExplanation explanation, int width, Palette palette, bool pointsToFull = true)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        AppendVerdict(text, explanation, width, palette);
        if (MainCause.WorthSaying(explanation) is MainCause cause)
        {
            AppendCause(text, explanation, cause, width, palette);
        }
        else
        {
            Prose.Wrap(text, "", Nothing(explanation), 2, width);
        }

        foreach (string note in Notes(explanation))
        {
            Prose.Wrap(text, "", note, 2, width);
        }

        int pairs = explanation.Boundaries.Count + explanation.Holes.All.Count;
        text.Append(pairs == 0 || !pointsToFull ? "" : "--full: all pairs by reason, with addresses and remedies\n");
        return text.ToString();
    }

    private static void AppendVerdict(StringBuilder text, SpaceExplanation explanation, int width, Palette palette)
    {
        string who = ExplainHeadText.Who(explanation);
        StringBuilder verdict = new();
        Prose.Wrap(verdict, who, ExplainHeadText.Verdict(explanation), 2, width);
        text.Append(palette.Bold(who)).Append(verdict, who.Length, verdict.Length - who.Length);
        string[] failing =
        [
            .. VmaLimit.FailingWith(explanation.MaxMapCount - explanation.VmaCount).Select(call => call.Name),
        ];
        if (failing.Length > 0 && explanation.MaxMapCount > 0)
        {
            StringBuilder lines = new();
            Prose.Wrap(lines, "", $"at the limit, calls fail: {string.Join(", ", failing)}", 2, width);
            text.Append(palette.Bad(lines.ToString().TrimEnd('\n'))).Append('\n');
        }
    }

    private static void AppendCause(
        StringBuilder text, SpaceExplanation explanation, MainCause cause, int width, Palette palette)
    {
        string of = cause.IsOfHoles ? Figures.Plural(cause.Pairs, "hole", "holes")
            : $"{Figures.Count(cause.Pairs)} of {Figures.Plural(explanation.Boundaries.Count, "pair", "pairs")}";
        Labelled(text, "cause: ", $"{cause.Plain}, {of}", width, palette);
        Labelled(text, "where: ", Where(cause, width), width, palette);
        if (explanation.Callers is not null)
        {
            Labelled(text, "from:  ", cause.Callers.Count > 0 ? Caller(cause) : "not known", width, palette);
        }

        Labelled(text, "to do: ", Remedy(explanation, cause.Offer.Remedy, width), width, palette);
        CountRange vmas = cause.Offer.Vmas;
        string after = $"{RemedyText.Of(vmas)} {(vmas.Most == 1 ? "VMA" : "VMAs")}";
        Labelled(
            text,
            "after: ",
            vmas.Least == vmas.Most ? $"{after}, {Figures.Count(explanation.VmaCount - vmas.Most)} fewer"
                : $"{after}, by what /proc does not show (root can tell)",
            width,
            palette);
    }

    private static string Where(MainCause cause, int width)
    {
        CauseRegion region = cause.Region;
        string name = Prose.Fitting(region.Name, width - Indent);
        string range = string.Create(CultureInfo.InvariantCulture, $"{region.Start:x}-{region.End:x}");
        string part = region.Pairs == cause.Pairs ? ""
            : $" ({Figures.Count(region.Pairs)} of these {Figures.Count(cause.Pairs)})";
        return $"{range} {name}{part}";
    }

    private static string Caller(MainCause cause)
    {
        CallerCount first = cause.Callers[0];
        return CallerText.Of(first.Site) + (first.Boundaries == cause.Pairs ? ""
            : $" ({Figures.Count(first.Boundaries)} of these {Figures.Count(cause.Pairs)})");
    }

    private static string Remedy(SpaceExplanation explanation, Remedy remedy, int width)
    {
        StringBuilder whole = new();
        Prose.Wrap(whole, "", remedy.Text, 0, width - Indent);
        int end = remedy.Text.IndexOf(". ", StringComparison.Ordinal);
        string text = end > 0 && whole.ToString().Count(letter => letter == '\n') > MostRemedyLines
            ? $"{remedy.Text[..end]} (conditions: --full)." : remedy.Text;
        return remedy.WorksOn(explanation.Kernel) ? text
            : $"{text} Linux {remedy.Since} and later; this is {Printable.Of(explanation.Kernel)}.";
    }

    private static string Nothing(SpaceExplanation explanation)
    {
        string pairs = Figures.Plural(explanation.Boundaries.Count, "adjacent pair", "adjacent pairs");
        return explanation.Boundaries.Count == 0 ? "nothing to gain: no two of them are adjacent"
            : explanation.PossiblePairs == 0 ? $"nothing to gain: none of {pairs} could be one VMA"
            : $"{Figures.Count(explanation.PossiblePairs)} of {pairs} could be one VMA, and nothing is known that "
                + "would leave fewer"
                + (explanation.Untold == MergeTests.None ? "" : "; /proc does not show all, root can tell");
    }

    // What makes the figures doubtful.
    private static IEnumerable<string> Notes(SpaceExplanation explanation)
    {
        if (explanation.Choice.Basis != RulesBasis.Compared)
        {
            yield return $"by the rules of Linux {RulesText.Brief(explanation.Choice)}, this is "
                + (explanation.Kernel.Length > 0 ? Printable.Of(explanation.Kernel) : "an unknown kernel");
        }

        if (explanation.Process.Reading == GraphReading.Changed)
        {
            yield return "the VMAs changed while being read";
        }
    }

    private static void Labelled(StringBuilder text, string label, string sentence, int width, Palette palette)
    {
        StringBuilder lines = new();
        Prose.Wrap(lines, label, sentence, Indent, width);
        text.Append(palette.Name(label)).Append(lines, label.Length, lines.Length - label.Length);
    }
}
