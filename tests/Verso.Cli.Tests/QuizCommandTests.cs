using System.Text.Json;
using Verso.Lab.Quiz;

namespace Verso.Cli.Tests;

/// <summary>verso quiz: a question is a scenario file; an answer is judged on a terminal, and told by --solve alone.</summary>
public sealed class QuizCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("2 4", "right", "0")]
    [InlineData("3,4", "wrong", "1")]
    [InlineData("", "--solve tells the answer", "0")]
    public void AnAnswerIsJudged(string typed, string said, string status)
    {
        using Terminal terminal = new();
        terminal.Type($"{CommandLine.Program} quiz --seed 3 --topic mremap\n");
        Assert.DoesNotContain("Answer:", terminal.Await("Your answer (two numbers): "), StringComparison.Ordinal);
        terminal.Type(typed + "\n");
        _ = terminal.Await(said);
        if (typed.Length > 0)
        {
            _ = terminal.Await("# Answer: 2 4");
        }

        _ = terminal.Await("$ ");
        terminal.Type("echo status=$?.\n");
        _ = terminal.Await($"status={status}.");
    }

    [Fact]
    public void AQuestionIsAScenarioThatOtherCommandsTake()
    {
        foreach (string topic in (string[])["regions", "chains", "aim7", "mremap", "zygote", "daemon", "splits", "refusal", "stale"])
        {
            string file = Path.Combine(_folder, topic + ".txt");
            Outcome asked = CommandLine.Run("quiz", "--seed", "11", "--topic", topic, "--solve");
            Assert.Equal((0, ""), (asked.Status, asked.Error));
            Assert.True(asked.Output.Split('\n').All(line => line.Length <= 80), asked.Output);
            File.WriteAllText(file, asked.Output);
            Outcome stepped = CommandLine.Run("step", file);
            Assert.Equal((0, ""), (stepped.Status, stepped.Error));
            Outcome verified = CommandLine.Run("verify", "--engine", file);
            Assert.True((0, "") == (verified.Status, verified.Error), verified.Output + verified.Error);
        }
    }

    [Fact]
    public void WithoutSolveNothingTellsTheAnswer()
    {
        Outcome text = CommandLine.Run("quiz", "--count", "3");
        Assert.DoesNotContain("Answer", text.Output, StringComparison.Ordinal);
        JsonElement document = JsonDocument.Parse(CommandLine.Run("quiz", "-j").Output).RootElement;
        Assert.Equal("verso-quiz/1", document.GetProperty("schema").GetString());
        Assert.False(document.TryGetProperty("answer", out _));
        Assert.False(document.TryGetProperty("reason", out _));
    }

    /// <summary>A sheet is the questions of one seed after another, the first one that of the seed alone.</summary>
    [Fact]
    public void ASheetIsOneSeedAfterAnother()
    {
        string sheet = CommandLine.Run("quiz", "--seed", "5", "-n", "2").Output;
        string first = CommandLine.Run("quiz", "--seed", "5").Output + "\n";
        Assert.StartsWith(first, sheet, StringComparison.Ordinal);
        string topic = sheet[first.Length..].Split('\n')[0].Split(' ')[^1];
        Assert.Equal(first + CommandLine.Run("quiz", "--seed", "6", "--topic", topic).Output, sheet);
    }

    /// <summary>As many questions as there are topics are one of each.</summary>
    [Fact]
    public void ASheetHasAllTopicsInTurn()
    {
        int topics = QuizTopics.All.Count;
        string[] heads =
        [
            .. CommandLine.Run("quiz", "--seed", "3", "-n", $"{topics}").Output.Split('\n')
                .Where(line => line.StartsWith("# verso quiz", StringComparison.Ordinal)),
        ];
        Assert.Equal(
            QuizTopics.All.Select(topic => topic.Name).Order(StringComparer.Ordinal),
            heads.Select(head => head.Split(' ')[^1]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("a number", "7", "12", true)]
    [InlineData("a number", "7", "three", false)]
    [InlineData("two numbers", "7 2", "8", false)]
    [InlineData("two numbers", "7 2", "8, 3", true)]
    [InlineData("a letter", "B", "c", true)]
    [InlineData("a letter", "B", "3", false)]
    public void WhatIsNoAnswerIsAskedForAgain(string form, string answer, string typed, bool isAnswer)
    {
        QuizQuestion question = new()
        {
            Parameters = [],
            Scenario = Verso.Lab.Scenarios.Scenario.Parse("map A 4 1 rw\n"),
            Text = "?",
            Form = form,
            Answer = answer,
            Reason = [],
        };
        Assert.Equal(isAnswer, question.IsWellFormed(typed));
    }

    [Theory]
    [InlineData("details", false)]
    [InlineData("Answer: ", true)]
    public void ASolvedSheetShowsItsAnswers(string sign, bool isSolved)
    {
        string folder = Directory.CreateTempSubdirectory("verso-quiz-").FullName;
        try
        {
            string page = Path.Combine(folder, "sheet.html");
            string[] solve = isSolved ? ["--solve"] : [];
            Assert.Equal(0, CommandLine.Run(["quiz", "-n", "2", "--html", page, .. solve]).Status);
            string text = File.ReadAllText(page);
            Assert.Contains(sign, text, StringComparison.Ordinal);
            Assert.Equal(isSolved, !text.Contains("<details>", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("'fork' not recognized", "--topic", "fork")]
    [InlineData("--count takes a whole number from 1", "--count", "0")]
    [InlineData("--seed takes a whole number from 0", "--seed", "x")]
    public void WhatMakesNoSenseIsRefused(string part, params string[] arguments) =>
        CommandLine.Run(["quiz", .. arguments]).AssertTrouble(part);
}
