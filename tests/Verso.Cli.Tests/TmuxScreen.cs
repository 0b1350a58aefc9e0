using System.Diagnostics;
using System.Globalization;

namespace Verso.Cli.Tests;

/// <summary>
/// A shell on a terminal of tmux: what somebody sees, where <see cref="Terminal"/> has what was written. The shell has
/// the program as $V.
/// </summary>
internal sealed class TmuxScreen : IDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);

    /// <summary>Where its server listens, which leaves the socket there.</summary>
    private readonly string _socket = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    private int _commands = 1;

    internal TmuxScreen(int columns, int rows, string? folder = null)
    {
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(each => File.Exists(Path.Join(each, "tmux"))),
            "tmux is missing");
        (Columns, Rows) = (columns, rows);
        try
        {
            _ = Tell(
                "-u", "-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}",
                "-c", folder ?? CommandLine.Root, "-e", $"V={CommandLine.Program}",
                "exec env -u PAGER -u LESS -u NO_PAGER -u NO_COLOR 'PS1=\\#$ ' bash --norc -i");
            _ = Await(Prompt);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal int Columns { get; }

    internal int Rows { get; }

    /// <summary>The prompt has the number of the command.</summary>
    private string Prompt => string.Create(CultureInfo.InvariantCulture, $"{_commands}$");

    /// <summary>The rows as they are, without blanks at their ends and blank rows at the end.</summary>
    internal string[] Look() => [.. Tell("capture-pane", "-p").TrimEnd().Split('\n').Select(row => row.TrimEnd())];

    /// <summary>Begins a command.</summary>
    internal void Start(string command)
    {
        _ = Tell("send-keys", "-l", command);
        Press("Enter");
        _commands++;
    }

    /// <summary>Presses keys, by their names in tmux.</summary>
    internal void Press(params string[] keys) => _ = Tell(["send-keys", .. keys]);

    /// <summary>
    /// Looks until some row holds a text, and nothing changes any more; gives all rows.
    /// </summary>
    internal string[] Await(string text) => Await(rows => rows.Any(row => row.Contains(text, StringComparison.Ordinal)), text);

    internal string[] Await(Func<string[], bool> isThere, string what)
    {
        // While a program draws, its screen is half the old and half the new one.
        var limit = Stopwatch.StartNew();
        string[] before = [];
        while (true)
        {
            string[] rows = Look();
            if (isThere(rows) && rows.SequenceEqual(before))
            {
                return rows;
            }

            Assert.True(limit.Elapsed < _longest, $"'{what}' does not come, but\n{string.Join('\n', rows)}");
            before = rows;
            Thread.Sleep(20);
        }
    }

    /// <summary>Runs a command to its end. Gives the rows below its line, down to the next prompt.</summary>
    internal string[] Run(string command)
    {
        string typed = $"{Prompt} {command}";
        Start(command);
        string[] rows = AwaitPrompt();
        Assert.True(rows[0] == typed, $"scrolled away:\n{string.Join('\n', rows)}");
        AssertNothingWraps();
        return rows[1..^1];
    }

    /// <summary>Looks until the shell has its terminal back, as it was.</summary>
    internal string[] AwaitPrompt()
    {
        string[] rows = Await(rows => rows[^1] == Prompt, Prompt);
        Assert.Equal("0 0 1 1", Tell(
            "display-message", "-p", "#{keypad_cursor_flag} #{alternate_on} #{cursor_flag} #{wrap_flag}").Trim());
        return rows;
    }

    /// <summary>No line takes more than one row: joined again (-J) each is as wide as the screen at most.</summary>
    internal void AssertNothingWraps()
    {
        string[] rows = Look();
        string[] lines = Tell("capture-pane", "-p", "-J").TrimEnd().Split('\n');
        Assert.Equal(rows, lines.Select(line => line.TrimEnd()));
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= Columns, line));
        Assert.InRange(rows.Length, 1, Rows);
    }

    public void Dispose()
    {
        _ = Ask("kill-server");
        Directory.Delete(_socket, recursive: true);
    }

    private string Tell(params string[] arguments)
    {
        Outcome outcome = Ask(arguments);
        Assert.True(outcome.Status == 0, $"tmux {string.Join(' ', arguments)}: {outcome.Error}");
        return outcome.Output;
    }

    private Outcome Ask(params string[] arguments) =>
        CommandLine.Run(new ProcessStartInfo("tmux", ["-S", Path.Combine(_socket, "socket"), .. arguments]));
}
