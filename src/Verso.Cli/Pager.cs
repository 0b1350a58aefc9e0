using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Verso.Cli;

/// <summary>Text on a terminal that has more lines than that: through $PAGER, or less if there is one.</summary>
internal static class Pager
{
    /// <summary>What a shell returns of a program that cannot be run, or that there is none of.</summary>
    private const int CannotRun = 126;
    private const int NoProgram = 127;

    /// <summary>What git gives less: end where all fits, colours, and leave the text on the screen.</summary>
    private const string LessOptions = "FRX";

    /// <summary>
    /// Writes data; on a terminal, if it is for people, in lines that fit it, and through the pager if these are too
    /// many.
    /// </summary>
    internal static void Write(Surroundings surroundings, string text, bool isForPeople = true)
    {
        string shown = isForPeople ? surroundings.Fit(text) : text;
        if (!isForPeople || !surroundings.IsTerminal || !IsTooLong(shown) || !TryPage(shown))
        {
            surroundings.Output.Write(shown);
        }
    }

    private static bool IsTooLong(string text) => text.Count(letter => letter == '\n') >= LiveScreen.Height
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_PAGER"))
        && Environment.GetEnvironmentVariable("PAGER") is not ("" or "cat")
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <returns>Whether there was a pager.</returns>
    private static bool TryPage(string text)
    {
        string command = Environment.GetEnvironmentVariable("PAGER")
            ?? $"command -v less > /dev/null || exit {NoProgram}; exec less";
        ProcessStartInfo start = new("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        _ = start.Environment.TryAdd("LESS", LessOptions);

        // Ctrl-C is the pager's: it stops a search there, and who would end would leave two at one terminal.
        using PosixSignalRegistration interrupt =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        try
        {
            using Process pager = Process.Start(start)!;
            Feed(pager, text);
            pager.WaitForExit();
            return pager.ExitCode is not (CannotRun or NoProgram);
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    // Who has seen enough ends before all is written.
    private static void Feed(Process pager, string text)
    {
        try
        {
            pager.StandardInput.Write(text);
            pager.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }
}
