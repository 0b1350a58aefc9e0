using System.CommandLine;
using System.Globalization;
using Verso.Linux;
using Verso.Traces;

namespace Verso.Cli;

/// <summary>verso record: runs a command and writes down what its process tree does to its memory.</summary>
internal static class RecordCommand
{
    private const int Trouble = 2;
    private const string StandardOutput = "-";
    private const int FileBufferBytes = 1 << 16;

    internal static Command Create()
    {
        Option<string> output = new("--output", "-o")
        {
            Description = "where the trace goes; - is standard output (the command's own then goes to standard error)",
            DefaultValueFactory = _ => "trace.verso",
            HelpName = "FILE",
        };
        Option<bool> noFaults = new("--no-faults")
        {
            Description = "leave page faults out: a smaller trace, without page state, copy-on-write and walks",
        };
        Option<int> interval = new("--checkpoint-interval")
        {
            Description = "write-lock episodes of a task between two checkpoints, at least; 0: at exec and exit only",
            DefaultValueFactory = _ => 64,
            HelpName = "N",
        };
        Option<bool> commandOnly = new("--command-only")
        {
            Description = "end with the command itself, not with the last process it started",
        };
        Option<bool> quiet = new("--quiet", "-q") { Description = "no summary" };
        Argument<string[]> words = new("COMMAND")
        {
            Description = "the command and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new("record", "run a command and record what its process tree does to its memory")
        {
            output, noFaults, interval, commandOnly, quiet, words,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(output),
            new RecorderOptions
            {
                Command = parsed.GetRequiredValue(words),
                Faults = parsed.GetValue(noFaults) ? FaultRecording.Off : FaultRecording.On,
                CheckpointInterval = Math.Max(0, parsed.GetValue(interval)),
                End = parsed.GetValue(commandOnly) ? RecordingEnd.Command : RecordingEnd.WholeTree,
            },
            parsed.GetValue(quiet) ? Verbosity.Quiet : Verbosity.Normal));
        return command;
    }

    private enum Verbosity
    {
        Normal,
        Quiet,
    }

    private static int Run(string output, RecorderOptions options, Verbosity verbosity)
    {
        try
        {
            if (output == StandardOutput)
            {
                options = options with { Output = CommandOutput.StandardError };
            }

            using Recorder recorder = Recorder.Prepare(options);
            using Stream stream = output == StandardOutput
                ? Console.OpenStandardOutput()
                : new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.Read, FileBufferBytes);
            RecordingOutcome outcome = Record(recorder, stream);
            if (outcome.Problem is not null)
            {
                Complain($"{output}: {outcome.Problem.Message}");
                return Trouble;
            }

            if (verbosity == Verbosity.Normal)
            {
                Summarize(output, outcome);
            }

            return outcome.ExitStatus;
        }
        catch (CommandNotStartedException problem)
        {
            Complain(problem.Message);
            return problem.ExitStatus;
        }
        catch (Exception problem) when (
            problem is RecorderUnavailableException or IOException or UnauthorizedAccessException)
        {
            Complain(problem.Message);
            return Trouble;
        }
    }

    private static RecordingOutcome Record(Recorder recorder, Stream stream)
    {
        TraceWriter writer = new(stream, recorder.Header);
        RecordingOutcome outcome = recorder.Run(writer);
        if (outcome.Problem is null)
        {
            writer.Dispose();
        }

        return outcome;
    }

    private static void Summarize(string output, RecordingOutcome outcome)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"verso: {outcome.Counts.Events} events, {outcome.Counts.Tasks + 1} tasks, "
            + $"{outcome.Counts.Checkpoints} checkpoints, {outcome.Counts.Lost} lost");
        Console.Error.WriteLine(output == StandardOutput ? text : $"{text}: {output}");
        if (outcome.Ending == RecordingEnding.Interrupted)
        {
            Console.Error.WriteLine("verso: interrupted; what is still running is not recorded");
        }
    }

    private static void Complain(string message) => Console.Error.WriteLine($"verso record: {message}");
}
