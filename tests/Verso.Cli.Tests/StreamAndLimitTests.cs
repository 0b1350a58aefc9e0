using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Verso.Cli.Tests;

/// <summary>
/// Every command in every state of its streams, limits, home and temporary directory: it does its work or says in one
/// line why not, with the right status; never a stack trace, never without an end. Real processes, from ./verso on.
/// </summary>
public sealed class StreamAndLimitTests : IDisposable
{
    private static readonly string[] _commands =
    [
        "--version", "--help", "designs", "info DEMO", "info - < DEMO", "replay DEMO", "compare DEMO --designs pte-chain",
        "compare DEMO --format csv", "import TEXT -o OUT", "import - -o OUT < TEXT", "verify --engine SCENARIO", "verify --count 1",
        "snapshot --pid SELF", "snapshot --pid SELF -o OUT", "explain SELF", "explain --rmap SELF", "top --pid SELF --count 1",
        "record -o OUT -- true", "demo --keep OUT", "completion bash", "no-such-command",
        "report DEMO -o OUT", "plot DEMO -o OUT.plots --figures vmas-over-time --format json", "step DEMO --until 3", "quiz --seed 1",
    ];

    /// <summary>What each does where nothing is amiss.</summary>
    private static readonly ConcurrentDictionary<string, Outcome> _usual = new();

    /// <summary>Commands that print nothing to standard output, and so do not mind what it is.</summary>
    private static readonly string[] _silent = ["import", "record", "report", "no-such-command"];

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>All there is to say cannot be said: status 2 where data is lost, and one line where it can be said.</summary>
    [Theory]
    [InlineData(">&-", "standard output: closed")]
    [InlineData("> /dev/full", "standard output: No space left on device")]
    [InlineData("1< /dev/null", "standard output: closed")]
    [InlineData("<&- >&-", "closed")]
    public void WithoutAnOutput(string state, string message)
    {
        foreach (string command in _commands)
        {
            Outcome outcome = Run("", command, state);
            string told = $"{command} {state}: status {outcome.Status}: {outcome.Error}";
            if (_silent.Any(silent => command.StartsWith(silent, StringComparison.Ordinal)))
            {
                AssertSane(outcome, told);
                continue;
            }

            Assert.True(outcome.Status == 2, told);
            Assert.True(outcome.Error.Contains(message, StringComparison.Ordinal) || command.Contains("- <", StringComparison.Ordinal)
                || command.StartsWith("demo", StringComparison.Ordinal), told);
            AssertSane(outcome, told);
        }
    }

    /// <summary>What is said cannot be read, and changes nothing else.</summary>
    [Theory]
    [InlineData("2>&-")]
    [InlineData("2> /dev/full")]
    [InlineData("2< /dev/null")]
    [InlineData("<&- 2>&-")]
    public void WithoutMessages(string state)
    {
        foreach (string command in _commands.Where(command => !command.Contains('<', StringComparison.Ordinal)))
        {
            Outcome usual = _usual.GetOrAdd(command, static (each, tests) => tests.Run("", each, ""), this);
            Outcome outcome = Run("", command, state);
            Assert.True(usual.Status == outcome.Status, $"{command} {state}: {outcome.Status}, not {usual.Status}: {usual.Error}");
            Assert.Equal(usual.Output.Length > 0, outcome.Output.Length > 0);
        }
    }

    [Theory]
    [InlineData("info -")]
    [InlineData("replay -")]
    [InlineData("import -")]
    [InlineData("snapshot --from -")]
    public void WithoutAnInput(string command) =>
        Run("", command, "<&-").AssertTrouble("standard input: closed");

    [Theory]
    [InlineData("ulimit -n 40")]
    [InlineData("ulimit -n 64")]
    [InlineData("ulimit -v 100000")]
    [InlineData("ulimit -v 1048576")]
    [InlineData("ulimit -d 20000")]
    [InlineData("ulimit -d 131072")]
    [InlineData("ulimit -f 0")]
    [InlineData("ulimit -f 1")]
    [InlineData("ulimit -s 128")]
    [InlineData("ulimit -s unlimited")]
    [InlineData("ulimit -c 0; ulimit -l 0")]
    [InlineData("export HOME=/nonexistent")]
    [InlineData("unset HOME")]
    [InlineData("export TMPDIR=/nonexistent")]
    [InlineData("export TMPDIR=/proc")]
    [InlineData("export TERM=")]
    [InlineData("unset PATH")]
    public void InEveryState(string state)
    {
        foreach (string command in _commands)
        {
            Outcome outcome = Run(state + "; ", command, "");
            AssertSane(outcome, $"{state}; {command}: status {outcome.Status}: {outcome.Error}");
        }
    }

    [Theory]
    [InlineData("ulimit -n 40", "40 open files are too few: ulimit -n 64 is the least that works")]
    [InlineData("ulimit -v 100000", "102400000 bytes of address space are too few: ulimit -v 1048576 is the least that works")]
    [InlineData("ulimit -d 20000", "20480000 bytes of data are too few: ulimit -d 131072 is the least that works")]
    public void TooLittleIsSaid(string limit, string message) => Run(limit + "; ", "info DEMO", "").AssertTrouble(message);

    /// <summary>It once went on for ever: .NET does not tell that whoever read has gone.</summary>
    [Theory]
    [InlineData("top --pid SELF --interval 0.1")]
    [InlineData("top --pid SELF --interval 3600")]
    [InlineData("compare DEMO --format csv")]
    public void WhoeverReadHasGone(string command)
    {
        Outcome outcome = Run("", command, "| head -1 | wc -l; exit ${PIPESTATUS[0]}");
        Assert.True(outcome is { Status: 141 or 0, Error: "", Output: "1\n" }, $"{outcome}");
        Assert.True(outcome.Status == 141 || !command.StartsWith("top", StringComparison.Ordinal), $"{outcome.Status}");
    }

    /// <summary>One line at most, and a status that the manual has.</summary>
    private static void AssertSane(Outcome outcome, string told)
    {
        string[] said = [.. outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.True(outcome.Status is 0 or 1 or 2 or 127, told);
        Assert.True(said.All(line => line.StartsWith("verso", StringComparison.Ordinal)), told);
        Assert.True(outcome.Status == 0 || said.Length <= 1 || said.All(line => line.StartsWith("verso demo", StringComparison.Ordinal)
            || line.StartsWith("verso:", StringComparison.Ordinal)), told);
    }

    private Outcome Run(string before, string command, string after)
    {
        string launcher = CommandLine.RequireLauncher();
        string words = new StringBuilder(command)
            .Replace("DEMO", CommandLine.Example("demo"))
            .Replace("TEXT", Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures/strace-f-o-y.txt"))
            .Replace("SCENARIO", Path.Combine(CommandLine.Root, "scenarios/stack"))
            .Replace("OUT", Path.Combine(_folder, "out"))
            .Replace("SELF", $"{Environment.ProcessId}").ToString();
        return CommandLine.Run(new ProcessStartInfo("bash", ["-c", $"{before}{launcher} {words} {after}"]));
    }
}
