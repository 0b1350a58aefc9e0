using System.Text.Json;

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

    /// <summary>A sheet is the questions of one seed after another.</summary>
    [Fact]
    public void ASheetIsOneSeedAfterAnother() => Assert.Equal(
        CommandLine.Run("quiz", "--seed", "5").Output + "\n" + CommandLine.Run("quiz", "--seed", "6").Output,
        CommandLine.Run("quiz", "--seed", "5", "-n", "2").Output);

    [Theory]
    [InlineData("'fork' not recognized", "--topic", "fork")]
    [InlineData("--count takes a whole number from 1", "--count", "0")]
    [InlineData("--seed takes a whole number from 0", "--seed", "x")]
    public void WhatMakesNoSenseIsRefused(string part, params string[] arguments) =>
        CommandLine.Run(["quiz", .. arguments]).AssertTrouble(part);
}
