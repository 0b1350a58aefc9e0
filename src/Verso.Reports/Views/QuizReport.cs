using System.Globalization;
using Verso.Engine;
using Verso.Lab.Quiz;
using Verso.Lab.Replay;
using Verso.Reports.Model;

namespace Verso.Reports.Views;

/// <summary>A sheet of questions; their answers are hidden until they are asked for, or shown.</summary>
public static class QuizReport
{
    /// <param name="questions">They.</param>
    /// <param name="isSolved">Whether answers are shown at once.</param>
    /// <param name="command">By what command.</param>
    /// <param name="generator">The program and its version.</param>
    public static Report Of(
        IReadOnlyList<QuizQuestion> questions, bool isSolved, string command, string generator)
    {
        ArgumentNullException.ThrowIfNull(questions);
        return new Report
        {
            Title = "Who maps a page: questions",
            Command = command,
            Generator = generator,
            Legend = $"Linux {KernelRules.Reference.Release}, {ReferenceDesign.Name}. The engine answers.",
            Sections = [.. questions.Select((question, at) => Section(question, at + 1, isSolved))],
        };
    }

    private static Section Section(QuizQuestion question, int number, bool isSolved)
    {
        string answer = $"{question.Answer}. {string.Join(' ', question.Reason)}";
        return new Section(
            string.Create(CultureInfo.InvariantCulture, $"question-{number}"),
            string.Create(CultureInfo.InvariantCulture, $"{number}. {question.Topic}, seed {question.Seed}"),
            [
                new Paragraph($"{question.Text} ({question.Form})"),
                new Preformatted(question.Scenario.ToString()),
                isSolved ? new Paragraph($"Answer: {answer}") : new OnDemand("Answer", answer),
            ]);
    }
}
