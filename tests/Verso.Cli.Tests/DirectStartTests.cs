using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>
/// The native program started without ./verso, which looks at limits and closed streams itself: the same words and the
/// same status, before the runtime could end without any. With less address space than the program itself takes, it is
/// the dynamic loader that speaks.
/// </summary>
public sealed class DirectStartTests
{
    private static readonly string[] _commands = ["--version", "info DEMO", "replay DEMO", "compare DEMO --format csv", "verify --engine STACK"];

    [Theory]
    [InlineData("ulimit -v 32000")]
    [InlineData("ulimit -v 100000")]
    [InlineData("ulimit -v 400000")]
    [InlineData("ulimit -d 8000")]
    [InlineData("ulimit -d 30000")]
    [InlineData("ulimit -n 16")]
    [InlineData("ulimit -n 40")]
    public void ATooSmallLimitIsSaidInTheWordsOfTheLauncher(string limit)
    {
        string launcher = CommandLine.RequireLauncher();
        Outcome byLauncher = Run($"{limit}; {launcher} --version");
        byLauncher.AssertTrouble("is the least that works");
        foreach (string command in _commands)
        {
            Assert.Equal(byLauncher, Run($"{limit}; exec PROGRAM {command}"));
        }
    }

    /// <summary>The least that is said to work does.</summary>
    [Theory]
    [InlineData("ulimit -v 1048576")]
    [InlineData("ulimit -d 131072")]
    [InlineData("ulimit -n 64")]
    public void TheLeastWorks(string limit)
    {
        _ = CommandLine.RequireLauncher();
        foreach (string command in _commands)
        {
            Outcome outcome = Run($"{limit}; exec PROGRAM {command}");
            Assert.True(outcome.Status == 0, $"{limit}; {command}: {outcome}");
        }
    }

    /// <summary>Nothing that is opened takes the number of a closed stream: compare once wrote to such a file.</summary>
    [Theory]
    [InlineData("compare DEMO --format csv <&- >&- 2>&-", 2, "")]
    [InlineData("compare DEMO --format csv <&- >&-", 2, "verso compare: standard output: closed\n")]
    [InlineData("info - <&-", 2, "verso info: standard input: closed\n")]
    [InlineData("replay - <&-", 2, "verso replay: standard input: closed\n")]
    [InlineData("--version <&- 2>&-", 0, "")]
    public void AClosedStreamStaysClosed(string command, int status, string error)
    {
        _ = CommandLine.RequireLauncher();
        Outcome outcome = Run($"exec PROGRAM {command}");
        Assert.Equal((status, error), (outcome.Status, outcome.Error));
    }

    private static Outcome Run(string script)
    {
        string words = script.Replace("PROGRAM", CommandLine.Program, StringComparison.Ordinal)
            .Replace("DEMO", CommandLine.Example("demo"), StringComparison.Ordinal)
            .Replace("STACK", Path.Combine(CommandLine.Root, "scenarios/stack"), StringComparison.Ordinal);
        return CommandLine.Run(new ProcessStartInfo("bash", ["-c", words]));
    }
}
