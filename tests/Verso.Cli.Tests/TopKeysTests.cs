using System.Text.RegularExpressions;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>verso top and explain on terminals of 80x24 and 200x50: what keys do, and that nothing is cut.</summary>
public sealed partial class TopKeysTests
{
    [Theory]
    [InlineData(24, 80)]
    [InlineData(50, 200)]
    public void EveryLineFits(int rows, int columns)
    {
        using Sleeper sleeper = new();
        using Terminal terminal = Started(rows, columns);
        terminal.Type("v");
        AssertFits(terminal.Await(Terminal.EndOfFrame), rows, columns, "VMAs", "of max", "by vmas; Enter explains");
        terminal.Type("?");
        AssertFits(terminal.Await(Terminal.EndOfFrame), rows, columns, "Keys of verso top", "Esc back");
        terminal.Type("q");
        _ = terminal.Await(Terminal.EndOfFrame);
        terminal.Type("/");
        _ = terminal.Await("filter: _");
        terminal.Type(sleeper.Id);
        _ = terminal.Await($"with '{sleeper.Id}'");
        _ = terminal.Await(Terminal.EndOfFrame);
        terminal.Type("\r");
        _ = terminal.Await(Terminal.EndOfFrame);
        terminal.Type("\r");
        AssertFits(terminal.Await("Esc back") + Terminal.EndOfFrame, rows, columns, "sleep", "of vm.max_map_count", "adjacent pairs");
        terminal.Type("q");
        _ = terminal.Await("by vmas");
        _ = terminal.Await(Terminal.EndOfFrame);
        terminal.Type("b");
        AssertFits(terminal.Await(Terminal.EndOfFrame), rows, columns, "by bytes");
        terminal.Type("q");
        _ = terminal.Await("\e[?1049l");
    }

    [Theory]
    [InlineData(24, 80)]
    [InlineData(50, 200)]
    public void AnAnswerOfExplainFits(int rows, int columns)
    {
        RequireReader();
        using Sleeper sleeper = new();
        using Terminal terminal = new();
        terminal.Resize(rows, columns);
        terminal.Type($"{CommandLine.Program} explain {sleeper.Id}; echo en''d\n");
        _ = terminal.Await("en''d\r\n");
        AssertFits(terminal.Await("end"), rows, columns, "of vm.max_map_count (");
    }

    private static Terminal Started(int rows, int columns)
    {
        RequireReader();
        Terminal terminal = new();
        terminal.Resize(rows, columns);
        terminal.Type($"{CommandLine.Program} top --interval 60\n");
        _ = terminal.Await("processes, ");
        _ = terminal.Await(Terminal.EndOfFrame);
        return terminal;
    }

    // The terminal cuts at its edge, so what fits is as long as it is sent.
    private static void AssertFits(string frame, int rows, int columns, params string[] parts)
    {
        string shown = Sequence().Replace(frame, "");
        string[] lines = shown.Split('\n');
        Assert.True(lines.Length <= rows, shown);
        Assert.All(lines, line => Assert.True(line.TrimEnd('\r').Length <= columns, line));
        Assert.All(parts, part => Assert.Contains(part, shown, StringComparison.Ordinal));
    }

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }

    [GeneratedRegex(@"\e\[[?\d;]*[a-zA-Z]")]
    private static partial Regex Sequence();
}
