using System.Text.Json;

namespace Verso.Cli.Tests;

/// <summary>verso step: as text and documents, and on a terminal by keys.</summary>
public sealed class StepCommandTests
{
    private const string Enter = "\e[?1049h\e[?25l\e[?7l";
    private const string Leave = "\e[?1l\e>\e[?7h\e[?25h\e[?1049l";
    private const string Right = "\e[C";
    private const string Left = "\e[D";

    private static readonly string Forked = Path.Combine(CommandLine.Root, "scenarios/merge/forked-target.txt");

    [Theory]
    [InlineData(24, 80)]
    [InlineData(50, 200)]
    public void KeysGoForwardsAndBackwards(int rows, int columns)
    {
        using Terminal terminal = new();
        terminal.Resize(rows, columns);
        terminal.Type($"{CommandLine.Program} step {Forked} --design anon-vma-chain,pte-chain\n");
        _ = terminal.Await(Enter);
        _ = terminal.Await("step 1 of 6  map A 4 4 rw");
        Assert.Equal(columns == 200, terminal.Await("? q").Contains(" │ pte-chain", StringComparison.Ordinal));
        terminal.Type(Right);
        _ = terminal.Await("step 2 of 6  write A 4 1");
        terminal.Type("n");
        _ = terminal.Await("step 3 of 6  fork A B");
        terminal.Type(Left);
        _ = terminal.Await("step 2 of 6");
        terminal.Type("5\r");
        _ = terminal.Await("go to step 5");
        _ = terminal.Await("step 5 of 6");
        terminal.Type("R");
        _ = terminal.Await("step 4 of 6");
        terminal.Type("F");
        _ = terminal.Await("step 3 of 6");
        terminal.Type("F");
        _ = terminal.Await("no earlier fork");
        terminal.Type("r");
        _ = terminal.Await("refused by flags, forked-chain");
        terminal.Type("99\r");
        _ = terminal.Await("step 6 of 6");
        _ = terminal.Await("this is the last step");
        terminal.Type("?");
        _ = terminal.Await("x exclusive");
        string shown = terminal.Await(Terminal.EndOfFrame);
        Assert.InRange(shown.Split('\n').Length, 1, rows);
        terminal.Type("q");
        _ = terminal.Await(Leave);
        _ = terminal.Await("$ ");
        terminal.Type("echo status=$?.\n");
        _ = terminal.Await("status=0.");
    }

    /// <summary>A small screen shows a part, which the arrows move; another size is drawn at once.</summary>
    [Fact]
    public void WhatDoesNotFitIsScrolled()
    {
        using Terminal terminal = new();
        terminal.Resize(8, 80);
        terminal.Type($"{CommandLine.Program} step {Forked} --at 6\n");
        _ = terminal.Await("step 6 of 6");
        Assert.Equal(7, terminal.Await(Terminal.EndOfFrame).Split('\n').Length - 1);
        terminal.Type("\e[B\e[B");
        _ = terminal.Await(Terminal.EndOfFrame);
        string moved = terminal.Await(Terminal.EndOfFrame);
        Assert.DoesNotContain("step 6", moved, StringComparison.Ordinal);
        terminal.Resize(24, 80);
        Assert.Contains("step 6", terminal.Await(Terminal.EndOfFrame), StringComparison.Ordinal);
        terminal.Type("q");
        _ = terminal.Await(Leave);
    }

    [Fact]
    public void EachStepIsADocument()
    {
        Outcome outcome = CommandLine.Run("step", Forked, "-j", "--design", "anon-vma-chain,reflink");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        string[] texts = outcome.Output.Split("\n}\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, texts.Length);
        for (int at = 0; at < texts.Length; at++)
        {
            JsonElement step = JsonDocument.Parse(texts[at] + "\n}").RootElement;
            Assert.Equal("verso-step/1", step.GetProperty("schema").GetString());
            Assert.Equal(at + 1, step.GetProperty("step").GetInt32());
            Assert.Equal(2, step.GetProperty("designs").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("--until 2 is before --at 3", "--at", "3", "--until", "2")]
    [InlineData("there is no step 7: the last one is 6", "--at", "7")]
    [InlineData("unknown design 'x'", "--design", "x")]
    [InlineData("--at takes a whole number from 1", "--at", "0")]
    public void WhatMakesNoSenseIsRefused(string part, params string[] arguments) =>
        CommandLine.Run(["step", Forked, .. arguments]).AssertTrouble(part);

    [Fact]
    public void ADirectoryOfManyIsRefused() =>
        CommandLine.Run("step", Path.Combine(CommandLine.Root, "scenarios")).AssertTrouble("scenarios: name one of them");

    /// <summary>The first events, and a word that there are more.</summary>
    [Fact]
    public void OfARecordingTheFirstEventsAreShown()
    {
        Outcome outcome = CommandLine.Run("step", CommandLine.Example("bash-pipeline"));
        Assert.Equal(
            (0, "verso step: these are the first 20 events; --at N and --until N show others\n"),
            (outcome.Status, outcome.Error));
        Assert.Contains("\nstep 20  ", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\nstep 21  ", outcome.Output, StringComparison.Ordinal);
    }
}
