using System.Text;
using Verso.Engine;
using Verso.Lab.Quiz;
using Verso.Lab.Replay;

namespace Verso.Reports.Text;

/// <summary>A question as text that is itself a scenario file: all but the steps are remarks.</summary>
public static class QuizText
{
    /// <summary>The question, its parameters and the steps.</summary>
    public static string Question(QuizQuestion question, int width)
    {
        ArgumentNullException.ThrowIfNull(question);
        StringBuilder text = new();
        Remark(text, $"verso quiz --seed {question.Seed} --topic {question.Topic}", width);
        string[] drawn = [.. question.Parameters.Select(each => $"{each.Name} {each.Value}")];
        Remark(
            text,
            $"Linux {KernelRules.Reference.Release}, {ReferenceDesign.Name}; {string.Join("; ", drawn)}",
            width);
        text.Append("#\n");
        Remark(text, $"{question.Text} ({question.Form})", width);
        return text.Append(question.Scenario).ToString();
    }

    /// <summary>The answer and why.</summary>
    public static string Answer(QuizQuestion question, int width)
    {
        ArgumentNullException.ThrowIfNull(question);
        StringBuilder text = new();
        Remark(text, $"Answer: {question.Answer}", width);
        foreach (string sentence in question.Reason)
        {
            Remark(text, sentence, width, "#   ");
        }

        return text.ToString();
    }

    private static void Remark(StringBuilder text, string sentence, int width, string mark = "# ")
    {
        StringBuilder lines = new();
        Prose.Wrap(lines, "", sentence, 0, Math.Max(width - mark.Length, 1));
        foreach (string line in lines.ToString().TrimEnd('\n').Split('\n'))
        {
            text.Append(mark).Append(line.TrimStart(' ')).Append('\n');
        }
    }
}
