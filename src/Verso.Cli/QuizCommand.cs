using System.CommandLine;
using Verso.Lab.Quiz;
using Verso.Linux;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>verso quiz: a question from a seed, answered by the engine.</summary>
internal static class QuizCommand
{
    /// <summary>An empty line, and what is asked for.</summary>
    private const int LinesOfPrompt = 2;

    /// <summary>Not <see cref="Console.In"/>, which puts the keypad in another mode and leaves it so.</summary>
    private static readonly StreamReader s_answers = new(DescriptorStream.Input);

    internal static Command Create()
    {
        Option<ulong> seed = ReplaySettings.Seed("the question: the same seed is the same question forever");
        Option<string?> topic = Topic();
        Option<bool> solve = new("--solve", "-s") { Description = "print the answer too, and why" };
        Option<int> count = ReplaySettings.Number(
            "--count", 1, 1, "print N questions: of this seed and the next ones, of all topics in turn");
        count.Aliases.Add("-n");
        Option<string?> page = new("--html")
        {
            Description = "write a sheet to this file, answers hidden until they are asked for; with --solve shown",
            HelpName = "FILE",
        };
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "quiz",
            "Asks what the kernel makes of a few steps, which are drawn from the seed. On a terminal it takes an "
            + "answer and says whether it is right, and why; elsewhere only --solve tells it. Without --topic the seed "
            + "chooses. Returns 0, 1 if an answer was wrong, or 2 on errors.",
            "verso quiz --seed 7                      # a question; on a terminal it awaits an answer",
            "verso quiz --seed 7 --solve              # with the answer, and why",
            "verso quiz --topic aim7 --count 10       # a sheet of exercises",
            "verso quiz --count 12 --html sheet.html  # the same to look at, answers hidden",
            "verso quiz --seed 7 > q.txt; verso step q.txt  # the same steps, one at a time")
        {
            seed, topic, solve, count, page, format, json,
        };
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            bool isSolved = parsed.GetValue(solve);
            bool asks = !asJson && !isSolved && surroundings.IsTerminal && !Console.IsInputRedirected;
            IQuizTopic? chosen = QuizTopics.All.FirstOrDefault(each => each.Name == parsed.GetValue(topic));
            IEnumerable<QuizQuestion> questions =
                QuizTopics.Ask(parsed.GetValue(seed), parsed.GetValue(count), chosen);
            if (parsed.GetValue(page) is string file)
            {
                ReportSource.RequirePage(file, asJson);
                string typed = ReportSource.CommandOf(parsed);
                ReportSource.WritePage(
                    surroundings, file, QuizReport.Of([.. questions], isSolved, typed, ReportSource.Generator));
                return ExitStatus.Success;
            }

            bool isRight = true;
            string gap = "";
            foreach (QuizQuestion question in questions)
            {
                string text = asJson ? JsonReport.Render(question, isSolved)
                    : gap + QuizText.Question(question, surroundings.ProseWidth)
                        + (isSolved ? QuizText.Answer(question, surroundings.ProseWidth) : "");
                surroundings.Output.Write(text);
                gap = "\n";
                if (asks)
                {
                    isRight &= Ask(surroundings, question, text.Count(letter => letter == '\n'));
                }
            }

            return isRight ? ExitStatus.Success : ExitStatus.Differs;
        });
        return command;
    }

    private static Option<string?> Topic()
    {
        string[] names = [.. QuizTopics.All.Select(topic => topic.Name)];
        Option<string?> option = new("--topic", "-t")
        {
            Description = $"what it is about: {string.Join(", ", names[..^1])} or {names[^1]}",
            HelpName = "TOPIC",
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    /// <summary>False for a wrong answer; who gives none is not wrong.</summary>
    private static bool Ask(Surroundings surroundings, QuizQuestion question, int lines)
    {
        if (lines + LinesOfPrompt > LiveScreen.Height)
        {
            // It has scrolled away.
            surroundings.Output.Write("\n" + surroundings.Fit($"{question.Text}\n"));
        }

        string typed;
        do
        {
            string asked = surroundings.Fit($"Your answer ({question.Form}):");
            surroundings.Output.Write($"\n{surroundings.Palette.Bold(asked.TrimEnd())} ");
            surroundings.Output.Flush();
            typed = s_answers.ReadLine() ?? "";
            if (string.IsNullOrWhiteSpace(typed))
            {
                surroundings.Output.Write("\n--solve tells the answer\n");
                return true;
            }
        }
        while (!question.IsWellFormed(typed));

        bool isRight = question.IsRight(typed);
        Palette palette = surroundings.Palette;
        surroundings.Output.Write(isRight ? palette.Good("right\n") : palette.Bad("wrong\n"));
        surroundings.Output.Write(QuizText.Answer(question, surroundings.ProseWidth));
        return isRight;
    }
}
