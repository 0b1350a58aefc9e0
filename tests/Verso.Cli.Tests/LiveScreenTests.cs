using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>verso top on a terminal: however it ends or is stopped, the terminal is as it was.</summary>
public sealed class LiveScreenTests
{
    private const string Enter = "\e[?1049h\e[?25l\e[?7l";
    private const string Leave = "\e[?1l\e>\e[?7h\e[?25h\e[?1049l";
    private const string CtrlC = "\u0003";
    private const string CtrlZ = "\u001a";

    [Theory]
    [InlineData("q")]
    [InlineData("Q")]
    [InlineData("xyz q")]
    [InlineData(CtrlC)]
    public void AKeyEndsIt(string keys)
    {
        using Terminal terminal = Started();
        Assert.False(terminal.Echoes);
        terminal.Type(keys);
        Assert.EndsWith(Leave, terminal.Await(Leave), StringComparison.Ordinal);
        AssertShell(terminal, "0");
    }

    [Theory]
    [InlineData("TERM", "0")]
    [InlineData("HUP", "0")]
    [InlineData("QUIT", "131")]
    public void ASignalEndsIt(string signal, string status)
    {
        using Terminal terminal = Started();
        using Process kill = Process.Start("kill", [$"-{signal}", terminal.Group.ToString(CultureInfo.InvariantCulture)]);
        _ = terminal.Await(Leave);
        AssertShell(terminal, status);
    }

    [Fact]
    public void TheEndOfWhatIsWatchedEndsIt()
    {
        using Terminal terminal = new();
        using (Sleeper sleeper = new())
        {
            terminal.Type($"{Verso} top --pid {sleeper.Id} --interval 0.1\n");
            _ = terminal.Await(Enter);
            _ = terminal.Await(" sleep");
        }

        Assert.DoesNotContain("ended", terminal.Await(Leave), StringComparison.Ordinal);
        Assert.StartsWith("verso top: process ", terminal.Await(" ended\r\n"), StringComparison.Ordinal);
        AssertShell(terminal, "0");
    }

    [Fact]
    public void StoppedItGivesTheTerminalBack()
    {
        using Terminal terminal = Started();
        for (int times = 0; times < 2; times++)
        {
            terminal.Type(CtrlZ);
            _ = terminal.Await(Leave);
            _ = terminal.Await("Stopped");
            AssertShell(terminal, "148");
            terminal.Type("fg\n");
            _ = terminal.Await(Enter);
            _ = terminal.Await("processes, ");
            Assert.False(terminal.Echoes);
        }

        terminal.Type("q");
        _ = terminal.Await(Leave);
        AssertShell(terminal, "0");
    }

    /// <summary>It waits for its terminal like any program that reads keys, and leaves that of others alone.</summary>
    [Fact]
    public void InTheBackgroundItWaits()
    {
        using Terminal terminal = Started();
        terminal.Type(CtrlZ);
        _ = terminal.Await("Stopped");
        terminal.Type("bg; while ! jobs | grep Stopped; do sleep 0.1; done\n");
        Assert.DoesNotContain("\e[?1049", terminal.Await("Stopped "), StringComparison.Ordinal);
        terminal.Type("fg\n");
        _ = terminal.Await(Enter);
        terminal.Type("q");
        _ = terminal.Await(Leave);
        AssertShell(terminal, "0");
    }

    [Fact]
    public void StartedInTheBackgroundItWaits()
    {
        RequireReader();
        using Terminal terminal = new();
        terminal.Type($"{Verso} top & while ! jobs | grep Stopped; do sleep 0.1; done\n");
        Assert.DoesNotContain("\e[?1049", terminal.Await("Stopped "), StringComparison.Ordinal);
        terminal.Type("fg\n");
        _ = terminal.Await(Enter);
        terminal.Type("q");
        _ = terminal.Await(Leave);
        AssertShell(terminal, "0");
    }

    /// <summary>Without a shell that could wake it, Ctrl-Z stops nobody; it goes on, and hears keys.</summary>
    [Fact]
    public void WhereNobodyCouldWakeItItGoesOn()
    {
        RequireReader();
        using Terminal terminal = new();
        terminal.Type($"exec setsid --ctty --wait {Verso} top --interval 60\n");
        _ = terminal.Await(Enter);
        _ = terminal.Await("processes, ");
        terminal.Type(CtrlZ);
        _ = terminal.Await(Leave);
        _ = terminal.Await(Enter);
        _ = terminal.Await("processes, ");
        Assert.False(terminal.Echoes);
        terminal.Type("q");
        _ = terminal.Await(Leave);
    }

    [Fact]
    public void AnotherSizeIsDrawnAtOnce()
    {
        using Terminal terminal = Started();
        terminal.Resize(8, 100);
        _ = terminal.Await("\e[2J");
        Assert.Equal(7, terminal.Await(Terminal.EndOfFrame).Split('\n').Length);
        terminal.Resize(0, 0);
        _ = terminal.Await("\e[2J");
        Assert.InRange(terminal.Await(Terminal.EndOfFrame).Split('\n').Length, 5, 24);
        terminal.Type("q");
        _ = terminal.Await(Leave);
    }

    private static string Verso => CommandLine.Program;

    private static Terminal Started()
    {
        RequireReader();
        Terminal terminal = new();
        terminal.Type($"{Verso} top --interval 60\n");
        _ = terminal.Await(Enter);
        _ = terminal.Await("processes, ");
        _ = terminal.Await(Terminal.EndOfFrame);
        return terminal;
    }

    private static void AssertShell(Terminal terminal, string status)
    {
        _ = terminal.Await("$ ");
        terminal.Type("echo status=$?.\n");
        _ = terminal.Await("status=$?.\r\n");
        Assert.Equal($"status={status}.", terminal.Await("."));
        Assert.True(terminal.Echoes);
    }

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
