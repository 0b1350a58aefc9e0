using System.Globalization;
using Verso.Engine;
using Verso.Lab.Quiz;
using Verso.Lab.Replay;
using Verso.Reports.Model;

namespace Verso.Reports.Views;

/// <summary>A sheet of questions whose answers are hidden until they are asked for.</summary>
public static class QuizReport
{
    /// <param name="questions">They.</param>
    /// <param name="command">By what command.</param>
    /// <param name="generator">The program and its version.</param>
    public static Report Of(IReadOnlyList<QuizQuestion> questions, string command, string generator)
    {
        ArgumentNullException.ThrowIfNull(questions);
        return new Report
        {
            Title = "Who maps a page: questions",
            Command = command,
            Generator = generator,
            Legend = $"Linux {KernelRules.Reference.Release}, {ReferenceDesign.Name}. The engine answers.",
            Sections = [.. questions.Select((question, at) => Section(question, at + 1))],
        };
    }

    private static Section Section(QuizQuestion question, int number) => new(
        string.Create(CultureInfo.InvariantCulture, $"question-{number}"),
        string.Create(CultureInfo.InvariantCulture, $"{number}. {question.Topic}, seed {question.Seed}"),
        [
            new Preformatted(question.Scenario.ToString()),
            new Paragraph($"{question.Text} ({question.Form})"),
            new OnDemand("Answer", $"{question.Answer}. {string.Join(' ', question.Reason)}"),
        ]);
}
