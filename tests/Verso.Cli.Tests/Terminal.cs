using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Verso.Cli.Tests;

/// <summary>A shell on a terminal of its own, and somebody who types and looks: Fixtures/terminal.py.</summary>
internal sealed class Terminal : IDisposable
{
    /// <summary>What a frame of verso top and verso step ends with.</summary>
    internal const string EndOfFrame = "\e[?2026l";

    private const string Python = "/usr/bin/python3";

    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(15);

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Process _process;
    private readonly StringBuilder _shown = new();

    internal Terminal()
    {
        Assert.SkipUnless(File.Exists(Python) && File.Exists("/bin/bash"), "needs python3 and bash");
        string script = Path.Combine(CommandLine.Root, "tests/Verso.Cli.Tests/Fixtures/terminal.py");
        _process = Process.Start(new ProcessStartInfo(Python, [script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _lines.Writer.Complete();
                return;
            }

            _ = _lines.Writer.TryWrite(line.Data);
        };
        _process.BeginOutputReadLine();
        _ = Await("$ ");
    }

    /// <summary>Whether what is typed is shown, as in a shell.</summary>
    internal bool Echoes => Ask("echo") == "1";

    /// <summary>The process group in the foreground.</summary>
    internal int Group => int.Parse(Ask("group"), CultureInfo.InvariantCulture);

    internal void Type(string keys) => Tell("send " + Convert.ToHexString(Encoding.UTF8.GetBytes(keys)));

    internal void Resize(int rows, int columns) => Tell($"size {rows} {columns}");

    /// <summary>
    /// Looks until the terminal shows something; gives all that came with it, and since the last time.
    /// </summary>
    internal string Await(string text)
    {
        int found;
        while ((found = _shown.ToString().IndexOf(text, StringComparison.Ordinal)) < 0)
        {
            Read(line => line.StartsWith("shown ", StringComparison.Ordinal), text);
        }

        string shown = _shown.ToString(0, found + text.Length);
        _ = _shown.Remove(0, shown.Length);
        return shown;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string question)
    {
        Tell(question);
        return Read(line => line.StartsWith(question + " ", StringComparison.Ordinal), question)[(question.Length + 1)..];
    }

    private void Tell(string line)
    {
        _process.StandardInput.Write(line + "\n");
        _process.StandardInput.Flush();
    }

    private string Read(Func<string, bool> isAnswer, string wanted)
    {
        using CancellationTokenSource late = new(_longest);
        while (true)
        {
            string line;
            try
            {
                line = _lines.Reader.ReadAsync(late.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (Exception gone) when (gone is OperationCanceledException or ChannelClosedException)
            {
                throw new InvalidOperationException($"'{wanted}' does not come, but '{_shown}'", gone);
            }

            if (line.StartsWith("shown ", StringComparison.Ordinal))
            {
                _ = _shown.Append(Encoding.UTF8.GetString(Convert.FromHexString(line["shown ".Length..])));
            }

            if (isAnswer(line))
            {
                return line;
            }
        }
    }
}
