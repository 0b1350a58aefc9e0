using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Spectre.Console;
using Verso.Linux;

namespace Verso.Cli;

/// <summary>
/// A second screen of the terminal that one text after another is shown on. What was there before comes back at the
/// end, and while the program is stopped.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[2J";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";

    /// <summary>.NET puts the keypad in another mode to read keys, and leaves it so.</summary>
    private const string KeypadBack = "\e[?1l\e>";

    /// <summary>A terminal that knows these shows all that is between them at once.</summary>
    private const string BeginFrame = "\e[?2026h\e[H";
    private const string EndFrame = "\e[?2026l";

    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    private readonly IAnsiConsole _console;
    private readonly TextWriter _output;
    private readonly JobTerminal _terminal = new();
    private readonly ManualResetEvent _ended = new(initialState: false);
    private readonly AutoResetEvent _woken = new(initialState: false);
    private readonly AutoResetEvent _pressed = new(initialState: false);
    private readonly ConcurrentQueue<ConsoleKeyInfo> _keys = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private PosixSignalRegistration? _stops;
    private Func<string> _render = () => "";
    private int _endings;
    private int _isOpen;
    private volatile bool _isToStop;

    [UnsupportedOSPlatform("windows")]
    private LiveScreen(IAnsiConsole console, TextWriter output)
    {
        _console = console;
        _output = output;
        JobTerminal.AwaitForeground();
        foreach (PosixSignal signal in (PosixSignal[])
            [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, OnEnding));
        }

        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGCONT, PosixSignal.SIGWINCH])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, _ => _woken.Set()));
        }

        _stops = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, OnStop);
        Open();
        if (_terminal.HasKeys)
        {
            new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
        }
    }

    /// <summary>Columns, which may change; of a terminal that says 0, as a serial line does, what is usual.</summary>
    internal static int Width => WidthOf(TerminalSize.Output);

    /// <summary>Lines.</summary>
    internal static int Height => TerminalSize.Of(TerminalSize.Output).Lines is var lines and > 0 ? lines : UsualHeight;

    /// <summary>Columns of the terminal that a descriptor is.</summary>
    internal static int WidthOf(int descriptor) =>
        TerminalSize.Of(descriptor).Columns is var columns and > 0 ? columns : UsualWidth;

    /// <summary>The screen; null where there is no terminal, or one that can do nothing but write.</summary>
    internal static LiveScreen? TryOpen(Surroundings surroundings)
    {
        if (!surroundings.IsTerminal || OperatingSystem.IsWindows())
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
    /// terminal cuts the lines: one that went on in the next row would scroll the first out of sight. Rows are erased
    /// before they are written: after a line as long as its row the cursor is on the last letter.
    /// </summary>
    /// <param name="render">The text for the screen as large as it is; it is asked again when that changes.</param>
    internal void Show(Func<string> render)
    {
        _render = render;
        StringBuilder frame = new(BeginFrame);
        string[] lines = render().TrimEnd('\n').Split('\n');
        int height = Height;
        int shown = Math.Min(lines.Length, height);
        for (int at = 0; at < shown; at++)
        {
            frame.Append(at > 0 ? "\n" : "").Append("\e[K").Append(lines[at]);
        }

        if (shown < height)
        {
            frame.Append(CultureInfo.InvariantCulture, $"\e[{shown + 1}H\e[J");
        }

        Control(frame.Append(EndFrame).ToString());
    }

    /// <summary>Whether there are keys to be pressed.</summary>
    internal bool HasKeys => _terminal.HasKeys;

    /// <summary>Waits for a key, leaves the text where it is, and sees to the terminal meanwhile.</summary>
    /// <param name="interval">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes.</param>
    /// <param name="token">Ends it.</param>
    /// <param name="key">The key that was pressed.</param>
    internal LiveEvent Await(TimeSpan interval, CancellationToken token, out ConsoleKeyInfo key)
    {
        long begin = Stopwatch.GetTimestamp();
        WaitHandle[] events = [_ended, token.WaitHandle, _woken, _pressed];
        while (!_keys.TryDequeue(out key))
        {
            TimeSpan left = interval - Stopwatch.GetElapsedTime(begin);
            int which = interval == Timeout.InfiniteTimeSpan ? WaitHandle.WaitAny(events)
                : WaitHandle.WaitAny(events, left > TimeSpan.Zero ? left : TimeSpan.Zero);
            if (which == WaitHandle.WaitTimeout)
            {
                return LiveEvent.Elapsed;
            }

            if (which < Array.IndexOf(events, _woken))
            {
                return LiveEvent.Over;
            }

            if (events[which] == _woken)
            {
                Wake();
            }
        }

        return LiveEvent.Key;
    }

    public void Dispose()
    {
        _stops?.Dispose();
        _signals.ForEach(signal => signal.Dispose());
        Close();
    }

    // Another size, or the foreground again, or Ctrl-Z.
    private void Wake()
    {
        if (_isToStop && !OperatingSystem.IsWindows())
        {
            Stop();
        }

        Control(Enter["\e[?1049h".Length..]);
        Show(_render);
    }

    private void Open()
    {
        _isOpen = 1;
        Control(Enter);
    }

    // Signals and the end may both come here. Where the terminal has gone there is nothing to put back.
    private void Close()
    {
        if (Interlocked.Exchange(ref _isOpen, 0) == 0)
        {
            return;
        }

        try
        {
            Control(_terminal.HasKeys ? KeypadBack + Leave : Leave);
        }
        catch (IOException)
        {
        }
    }

    [UnsupportedOSPlatform("windows")]
    private void Stop()
    {
        _isToStop = false;
        Close();
        _stops?.Dispose();
        _terminal.Suspend();
        _stops = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, OnStop);
        Open();
    }

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = true;
        _isToStop = true;
        _woken.Set();
    }

    // The first Ctrl-C or SIGTERM is somebody else's; what comes after it ends the process where it is.
    private void OnEnding(PosixSignalContext context)
    {
        if (context.Signal == PosixSignal.SIGHUP)
        {
            context.Cancel = true;
            _ended.Set();
        }
        else if (context.Signal == PosixSignal.SIGQUIT || Interlocked.Increment(ref _endings) > 1)
        {
            Close();
        }
    }

    private void ReadKeys()
    {
        try
        {
            ConsoleKeyInfo key;
            while ((key = Console.ReadKey(intercept: true)) != default)
            {
                _keys.Enqueue(key);
                _pressed.Set();
            }
        }
        catch (Exception gone) when (gone is InvalidOperationException or IOException)
        {
        }
    }

    private void Control(string sequence)
    {
        _console.Write(new ControlCode(sequence));
        _output.Flush();
    }
}
