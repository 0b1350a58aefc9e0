using System.Text;
using Spectre.Console;

namespace Verso.Cli;

/// <summary>
/// A second screen of the terminal that one text after another is shown on. What was there before comes back at the
/// end.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    private readonly IAnsiConsole _console;
    private readonly TextWriter _output;
    private bool _isOpen = true;

    private LiveScreen(IAnsiConsole console, TextWriter output)
    {
        _console = console;
        _output = output;
        Control("\e[?1049h\e[?25l\e[?7l\e[2J");
    }

    /// <summary>Columns, which may change.</summary>
    internal static int Width => Math.Max(Console.WindowWidth, 1);

    /// <summary>Lines.</summary>
    internal static int Height => Math.Max(Console.WindowHeight, 1);

    /// <summary>The screen; null where there is no terminal, or one that can do nothing but write.</summary>
    internal static LiveScreen? TryOpen(Surroundings surroundings)
    {
        if (!ReferenceEquals(surroundings.Output, Console.Out) || Console.IsOutputRedirected)
        {
            return null;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        return console.Profile.Capabilities is { Ansi: true, AlternateBuffer: true }
            ? new LiveScreen(console, surroundings.Output)
            : null;
    }

    /// <summary>
    /// Shows a text in place of the one before, cut to the screen; without clearing it, which would flicker. The
    /// terminal cuts the lines: one that went on in the next row would scroll the first out of sight.
    /// </summary>
    internal void Show(string text)
    {
        StringBuilder frame = new("\e[H");
        string[] lines = text.TrimEnd('\n').Split('\n');
        for (int at = 0; at < Math.Min(lines.Length, Height); at++)
        {
            frame.Append(at > 0 ? "\n" : "").Append(lines[at]).Append("\e[K");
        }

        Control(frame.Append("\e[J").ToString());
    }

    public void Dispose()
    {
        if (_isOpen)
        {
            _isOpen = false;
            Control("\e[?7h\e[?25h\e[?1049l");
        }
    }

    private void Control(string sequence)
    {
        _console.Write(new ControlCode(sequence));
        _output.Flush();
    }
}
