using System.Diagnostics;
using System.Text.RegularExpressions;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>
/// What is seen on terminals of 80x24 and 200x50: the answer, on the first screen, nothing of it cut or wrapped.
/// </summary>
public sealed partial class TerminalScreenTests : IDisposable
{
    private const string Compared = "examples/demo.verso";
    private const string Scenario = "scenarios/merge/forked-target.txt";

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    private static readonly string[] _columnsOfTop =
        ["VMAs", "of", "max", "VMAs/s", "anon_vmas", "chains", "longest", "widest", "bytes", "+bytes"];

    private static readonly string _reasons = Path.GetRelativePath(CommandLine.Root, Reasons.File);

    public static TheoryData<int, int> Sizes => new() { { 80, 24 }, { 200, 50 } };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AnAnswerIsSeenWhole(int columns, int rows)
    {
        string[][] commands =
        [
            ["explain", Reasons.Pid, "--from", _reasons],
            ["explain", "--from", Compared],
            ["compare", Compared],
            ["explain", "0x7f2c40000000", "0x7f2c40001000"],
        ];
        foreach (string[] arguments in commands)
        {
            using TmuxScreen screen = new(columns, rows);
            Outcome piped = Piped(CommandLine.Root, arguments);
            Assert.Equal(Words(piped.Error + piped.Output), Words(screen.Run("$V " + string.Join(' ', arguments))));
        }
    }

    /// <summary>Two runs of a program differ, so what is recorded is compared with itself.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void ADemoIsSeenWhole(int columns, int rows)
    {
        using TmuxScreen recorded = new(columns, rows, _folder);
        string[] seen = recorded.Run("$V demo");
        Assert.Contains(seen, row => row.EndsWith("a perl program that forks three children", StringComparison.Ordinal));
        Assert.Equal("all figures: verso compare verso-demo.verso --full", seen[^1]);
        Outcome compared = Piped(_folder, "compare", "verso-demo.verso", "--designs", "page-table-scan,pte-chain,anon-vma-chain,reflink");
        Assert.Empty(Figure().Matches(compared.Output).Select(figure => figure.Value).Except(Words(seen)));

        using TmuxScreen shipped = new(columns, rows, _folder);
        Outcome piped = CommandLine.Run(
            new ProcessStartInfo("env", ["PATH=/none", CommandLine.Program, "demo"]) { WorkingDirectory = _folder });
        Assert.Equal(Words(piped.Error + piped.Output), Words(shipped.Run("PATH=/none $V demo")));
    }

    /// <summary>What has more lines than the screen begins at its first, in the pager.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void WhatIsLongGoesThroughThePager(int columns, int rows)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/less"), "needs less");
        foreach (string[] arguments in (string[][])
            [["explain", Reasons.Pid, "--full", "--from", _reasons], ["compare", Compared, Compared, Compared], ["designs"]])
        {
            string[] piped = Words(Piped(CommandLine.Root, arguments).Output);
            using TmuxScreen screen = new(columns, rows);
            screen.Start("clear; $V " + string.Join(' ', arguments));
            string[] seen = Words(screen.Await(page => page.Length == rows && page[^1] == ":", "a page")[..^1]);
            Assert.Equal(piped[..seen.Length], seen);
            screen.AssertNothingWraps();
            screen.Press("G");
            seen = Words(screen.Await("(END)")[..^1]);
            Assert.Equal(piped[^seen.Length..], seen);
            screen.AssertNothingWraps();
            screen.Press("q");
            _ = screen.AwaitPrompt();
        }
    }

    /// <summary>At 80 columns the second step has a line as long as its row.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void StepsAreSeenWholeByKeys(int columns, int rows)
    {
        using TmuxScreen screen = new(columns, rows);
        screen.Start("$V step " + Scenario);
        foreach ((string[] keys, int step) in ((string[], int)[])
            [([], 1), (["Right"], 2), (["Right"], 3), (["Left"], 2), (["5", "Enter"], 5)])
        {
            screen.Press(keys);
            string[] seen = screen.Await(
                seen => seen[0].StartsWith($"step {step} of 6  ", StringComparison.Ordinal) && seen.Length == rows, $"step {step}");
            Assert.EndsWith("↑↓ ? q", seen[^1]);
            string piped = Piped(CommandLine.Root, "step", Scenario, "--at", $"{step}").Output;
            Assert.Equal(Words(piped[piped.IndexOf("\nstep ", StringComparison.Ordinal)..]), Words(seen[..^1]));
        }

        screen.Press("?");
        string[] legend = Words(screen.Await("visited/found."));
        Assert.Contains("x exclusive, 1-9 mapped so often, w writable,", string.Join(' ', legend));
        screen.Press("?");
        _ = screen.Await(seen => !seen.Any(row => row.Contains("visited/found.", StringComparison.Ordinal)), "no legend");
        screen.Press("q");
        _ = screen.AwaitPrompt();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TopIsSeenWholeByKeys(int columns, int rows)
    {
        RequireReader();
        using Sleeper sleeper = new();
        using TmuxScreen screen = new(columns, rows);
        screen.Start("$V top --interval 60");
        AssertTable(screen.Await("Enter explains"));
        screen.Press("Space");
        AssertTable(screen.Await("VMAs/s"));
        screen.Press("Down");
        string chosen = screen.Await(seen => seen[5].StartsWith("> ", StringComparison.Ordinal), "the second one")[5];
        screen.Press("Enter");
        string[] page = screen.Await("Esc back");
        Assert.StartsWith(string.Join(' ', chosen.Split(' ')[1..3]), page[0]);
        Assert.Contains("of vm.max_map_count (", page[0]);
        screen.Press("Escape");
        AssertTable(screen.Await("Enter explains"));
        screen.Press("?");
        Assert.Equal("Keys of verso top", screen.Await("Esc back")[0]);
        screen.Press("q");
        _ = screen.Await("Enter explains");
        screen.Press("/");
        _ = screen.Await("filter: _");
        screen.Press(sleeper.Id);
        _ = screen.Await($"filter: {sleeper.Id}_");
        screen.Press("Enter");
        AssertTable(screen.Await($"> {sleeper.Id} sleep "));
        screen.Press("Enter");
        Assert.StartsWith($"{sleeper.Id} sleep: ", screen.Await("Esc back")[0]);
        screen.Press("Escape");
        Assert.Contains($" with '{sleeper.Id}'", screen.Await("Enter explains")[1]);
        screen.Press("Escape");
        _ = screen.Await(seen => !seen[1].Contains(" with ", StringComparison.Ordinal), "all of them");
        screen.Press("q");
        _ = screen.AwaitPrompt();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AQuestionIsAnswered(int columns, int rows)
    {
        using TmuxScreen screen = new(columns, rows);
        screen.Start("$V quiz --seed 3 --topic mremap");
        _ = screen.Await("Your answer (two numbers):");
        screen.Press("2", "Space", "4", "Enter");
        string[] seen = screen.AwaitPrompt();
        Assert.Contains("right", seen);
        Assert.Contains(seen, row => row.StartsWith("# Answer: 2 4", StringComparison.Ordinal));
        screen.AssertNothingWraps();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void WhoIsNearItsLimitIsTold(int columns, int rows)
    {
        RequireReader();
        using Sleeper sleeper = new();
        using TmuxScreen screen = new(columns, rows);
        string[] seen = screen.Run($"$V watch {sleeper.Id} --once --above 0.01% -o {_folder}");
        Assert.EndsWith($"; {Assert.Single(Directory.GetFiles(_folder, "*.txt"))}", string.Join(' ', Words(seen)));
    }

    /// <summary>Columns are there whole or not at all: all rows end where the names of columns end.</summary>
    private static void AssertTable(string[] seen)
    {
        Assert.StartsWith("verso top ", seen[0]);
        string head = seen[3];
        Assert.Empty(Words(head).Except(_columnsOfTop));
        Assert.All(seen[4..], row => Assert.True(row.Length == head.Length, $"{head}\n{row}"));
    }

    private static Outcome Piped(string folder, params string[] arguments) =>
        CommandLine.Run(new ProcessStartInfo(CommandLine.Program, arguments) { WorkingDirectory = folder });

    private static string[] Words(params string[] rows) =>
        string.Join('\n', rows).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }

    [GeneratedRegex(@"(?<= )[-+]?\d[\d,.]*K?(?=\s)")]
    private static partial Regex Figure();
}
