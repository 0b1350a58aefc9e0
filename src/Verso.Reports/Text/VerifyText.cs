using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>What a verification found, as text.</summary>
public static class VerifyText
{
    /// <summary>Random scenarios.</summary>
    public static string Render(
        RandomVerificationOptions options, RandomVerificationResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Figures.Plural(result.Steps, "random step", "random steps")} in ")
            .Append(CultureInfo.InvariantCulture, $"{Figures.Plural(result.Sequences, "sequence", "sequences")} ")
            .Append(CultureInfo.InvariantCulture, $"from seed {options.Seed}, {result.Mix.Name}: ")
            .Append(result.Failures.Count == 0
                ? palette.Good("kernel and engine agree")
                : palette.Bad(Figures.Plural(result.Failures.Count, "sequence differs", "sequences differ")))
            .Append('\n');
        if (result.Settled > 0)
        {
            text.Append(Figures.Plural(result.Settled, "state", "states"))
                .Append(" agreed on retry (another process still held a reference to an exited address space)\n");
        }

        AppendRules(text, options.Rules);

        foreach (Failure failure in result.Failures)
        {
            text.Append('\n').Append(Describe(failure));
        }

        return text.ToString();
    }

    /// <summary>Scenario files: those that differ with what differs, and the count.</summary>
    public static string Render(ScenarioRunOptions options, IReadOnlyList<ScenarioResult> results, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        foreach (ScenarioResult result in results)
        {
            if (result.Frames.Count > 0)
            {
                text.Append(palette.Name(Printable.Of(result.Played.Name))).Append('\n');
                text.Append(ScenarioDrawing.Render(result, palette)).Append('\n');
            }

            if (result.Failure is Failure failure)
            {
                string word = failure.Kind == FailureKind.Difference ? "differs " : "not playable ";
                text.Append(palette.Bad(word)).Append(palette.Name(Printable.Of(result.Played.Name))).Append('\n');
                text.Append(CultureInfo.InvariantCulture, $"  step {failure.Step + 1}: ")
                    .Append(Printable.Of(failure.Difference)).Append('\n');
            }

            if (result.Played.Recording is RecordedCalls recording)
            {
                AppendRecording(text, result, recording);
            }
        }

        int differing = results.Count(result => result.Failure?.Kind == FailureKind.Difference);
        int unplayable = results.Count(result => result.Failure?.Kind == FailureKind.NotPlayable);
        long steps = results.Sum(result => result.Steps);
        text.Append(Figures.Plural(results.Count, "scenario", "scenarios"))
            .Append(", ").Append(Figures.Plural(steps, "step", "steps")).Append(": ")
            .Append((differing, unplayable) switch
            {
                (0, 0) => palette.Good("all agree"),
                (0, _) => palette.Bad($"{Figures.Count(unplayable)} cannot be played"),
                (_, 0) => palette.Bad(Differing(differing)),
                _ => palette.Bad($"{Differing(differing)}, {Figures.Count(unplayable)} cannot be played"),
            })
            .Append('\n');
        AppendRules(text, options.Rules);
        return text.ToString();
    }

    /// <summary>What of a recording was not done again, and what came of the calls that were refused in it.</summary>
    private static void AppendRecording(StringBuilder text, ScenarioResult result, RecordedCalls recording)
    {
        List<string> parts = [];
        if (recording.Refused.Count > 0)
        {
            string refused = Figures.Plural(recording.Refused.Count, "refused call", "refused calls");
            parts.Add($"{refused} made again, {Figures.Count(result.RefusedAgain)} refused again");
        }

        if (recording.LeftOut.Count > 0)
        {
            parts.Add("left out: " + string.Join(", ", recording.LeftOut.Select(
                each => $"{Figures.Count(each.Value)} {Kebab.Of(each.Key.ToString())}")));
        }

        if (parts.Count > 0)
        {
            Prose.Wrap(text, $"{Printable.Of(result.Played.Name)}: ", string.Join("; ", parts), 2);
        }
    }

    private static string Differing(int scenarios) => Figures.Plural(scenarios, "differs", "differ");

    private static void AppendRules(StringBuilder text, RulesChoice rules) =>
        Prose.Wrap(text, "engine rules: ", RulesText.Of(rules), 2);

    /// <summary>A scenario to be saved and run again, with what differs as comments.</summary>
    private static string Describe(Failure failure)
    {
        string difference = Printable.Of(failure.Difference);
        string head = string.Create(
            CultureInfo.InvariantCulture, $"# {failure.Scenario.Name}, step {failure.Step + 1}: {difference}\n");
        return head + Printable.Lines(failure.Scenario.ToString());
    }
}
