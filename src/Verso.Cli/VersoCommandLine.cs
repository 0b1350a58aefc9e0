using System.CommandLine;
using System.CommandLine.Help;
using Verso.Engine;
using Verso.Lab.LockStep;
using Verso.Lab.Playing;
using Verso.Linux;
using Verso.Linux.Graph;
using Verso.Linux.Guests;
using Verso.Linux.Puppets;
using Verso.Linux.Recording;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>The command line as a whole: its commands, and the one place where exceptions end.</summary>
public static class VersoCommandLine
{
    /// <summary>EPIPE.</summary>
    private const int BrokenPipeErrno = 32;

    /// <summary>Made once: options that commands share remember every command that they were added to.</summary>
    private static readonly RootCommand s_root = CreateRoot();

    private static readonly char[] s_blanks = [' ', '\t', '\r', '\n'];

    /// <summary>
    /// Runs one command line. Data goes to <paramref name="output"/>, messages to <paramref name="error"/>.
    /// </summary>
    /// <returns>The exit status; see README.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        ParseResult parsed = s_root.Parse(OptionalNumber.Settle(s_root, arguments));
        Command chosen = parsed.CommandResult.Command;
        string command = chosen is RootCommand ? "verso" : $"verso {chosen.Name}";
        if (parsed.Errors.Count > 0 && parsed.Action is not ExampleHelp)
        {
            return Refuse(error, command, parsed.Errors[0].Message);
        }

        try
        {
            int status = parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = output,
                Error = error,
            });
            output.Flush();
            return status;
        }
        catch (UsageException wrong)
        {
            return Refuse(error, command, wrong.Message);
        }
        catch (OperationCanceledException)
        {
            Say(error, $"{command}: interrupted\n");
            return Interruption.Status;
        }
        catch (IOException gone) when (gone.HResult == BrokenPipeErrno)
        {
            return ExitStatus.BrokenPipe;
        }
        catch (Exception failed)
        {
            (string message, int status) = Explain(failed);
            Say(error, $"{command}: {message}\n");
            return status;
        }
    }

    /// <summary>
    /// The end of an exception that nobody caught, in a thread where nobody could: one line, and the exit status.
    /// </summary>
    public static int Fail(Exception failed, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(failed);
        ArgumentNullException.ThrowIfNull(error);
        (string message, int status) = Explain(failed);
        Say(error, $"verso: {message}\n");
        return status;
    }

    private static RootCommand CreateRoot()
    {
        RootCommand root = new(
            "Who maps this page, why, and what it costs to know: records what programs do to their memory, and\n"
            + "replays it through reverse-map designs.")
        {
            DemoCommand.Create(),
            RecordCommand.Create(),
            CompareCommand.Create(),
            ReportCommand.Create(),
            PlotCommand.Create(),
            ReplayCommand.Create(),
            VerifyCommand.Create(),
            StepCommand.Create(),
            QuizCommand.Create(),
            DesignsCommand.Create(),
            ImportCommand.Create(),
            InfoCommand.Create(),
            SnapshotCommand.Create(),
            ExplainCommand.Create(),
            TopCommand.Create(),
            WatchCommand.Create(),
            CompletionCommand.Create(),
            CompletionCommand.CreateAnswer(),
            ManCommand.Create(),
        };
        root.Options.Add(Surroundings.ColorOption);
        foreach (Option option in root.Options)
        {
            if (option is HelpOption help)
            {
                help.Action = new ExampleHelp();
            }
        }

        root.SetAction(parsed => new ExampleHelp().Invoke(parsed));
        return root;
    }

    private static int Refuse(TextWriter error, string command, string message)
    {
        Say(error, $"{command}: {OneLine(message)} (see {command} --help)\n");
        return ExitStatus.Trouble;
    }

    /// <summary>Where standard error cannot be written either, the exit status has to say it all.</summary>
    private static void Say(TextWriter error, string message)
    {
        try
        {
            Surroundings.Say(error, message);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>
    /// Every exception that the environment can cause has a message of one line; any other is an error in Verso.
    /// </summary>
    private static (string Message, int Status) Explain(Exception failed) => failed switch
    {
        TypeInitializationException { InnerException: Exception inner } => Explain(inner),
        TaskSchedulerException { InnerException: Exception inner } => Explain(inner),
        AggregateException { InnerException: Exception inner } => Explain(inner),
        CommandNotStartedException notStarted => (OneLine(notStarted.Message), notStarted.ExitStatus),
        InputException or RecorderUnavailableException or PuppetUnavailableException or GraphUnavailableException
            or PagesUnavailableException or GuestUnavailableException or KernelStageException
            or ProcessSelectionException or MemoryLimitException =>
            (OneLine(failed.Message), ExitStatus.Trouble),
        IOException or UnauthorizedAccessException => (OneLine(FileProblem.Text(failed)), ExitStatus.Trouble),

        // So says .NET of EFBIG.
        ArgumentOutOfRangeException { ParamName: "value" }
            when failed.Message.Contains("file length", StringComparison.Ordinal) =>
            ("a file may not become so large: ulimit -f", ExitStatus.Trouble),
        ArgumentException { ParamName: "path" } => ("the name of the file is empty", ExitStatus.Trouble),
        OutOfMemoryException =>
            ("not enough memory: raise the limits (ulimit -a), or use --jobs 1", ExitStatus.Trouble),
        InvariantException => ($"internal error: {OneLine(failed.Message)}; please report it with the trace",
            ExitStatus.InternalError),
        _ => ($"internal error: {failed.GetType().Name}: {OneLine(failed.Message)}; please report it with the trace",
            ExitStatus.InternalError),
    };

    /// <summary>
    /// On one line that moves no cursor, without the full stop that ends a sentence of .NET; the three of '...' stay.
    /// </summary>
    private static string OneLine(string message)
    {
        string line = Printable.Of(string.Join(' ', message.Split(s_blanks, StringSplitOptions.RemoveEmptyEntries)));
        return line.EndsWith('.') && !line.EndsWith("..", StringComparison.Ordinal) ? line[..^1] : line;
    }
}
