using System.CommandLine;
using System.Globalization;
using Verso.Linux;
using Verso.Linux.Recording;
using Verso.Reports.Text;
using Verso.Traces;

namespace Verso.Cli;

/// <summary>verso record: runs a command and writes down what its process tree does to its memory.</summary>
internal static class RecordCommand
{
    private const string StandardOutput = "-";

    internal static Command Create()
    {
        Option<string> output = new("--output", "-o")
        {
            Description = "write the trace to this file; - for stdout (the command's own output then goes to stderr)",
            DefaultValueFactory = _ => "trace.verso",
            HelpName = "FILE",
        };
        Option<bool> noFaults = new("--no-faults")
        {
            Description = "do not record page faults: a smaller trace, without page state, copy-on-write and walks",
        };
        Option<bool> stacks = new("--stacks")
        {
            Description = "keep the stack that each memory call comes from: explain --from and report then name "
                + "callers",
        };
        Option<int> interval = ReplaySettings.Number(
            "--checkpoint-interval",
            0,
            64,
            "after the first few, at most one checkpoint per N write-lock episodes of a task; "
            + "0: at exec and exit only");
        Option<bool> commandOnly = new("--command-only")
        {
            Description = "stop when the command exits, not when its last descendant does",
        };
        Option<bool> quiet = new("--quiet", "-q") { Description = "print no summary" };
        Argument<string[]> words = new("COMMAND")
        {
            Description = "the command and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        DocumentedCommand command = new(
            "record",
            "Runs a command and records what its process tree does to its memory. Returns the command's exit status, "
            + "127 if there is no such command, 126 if it cannot run, 2 if this machine cannot record; 128 + the "
            + "signal if a second SIGINT, SIGTERM or SIGHUP ended the recording before its programs did. The file can "
            + "be mailed: it holds the command line, the kernel's release, the paths of mapped files, addresses and "
            + "sizes in the programs, thread ids and times; no contents of memory, no environment, no kernel "
            + "addresses.",
            "verso record -o make.verso -- make -j2",
            "verso record --no-faults -- ./server         # smaller: no page state, no walks",
            "verso record --stacks -o java.verso -- java Main && verso explain --from java.verso",
            "verso record -o - -- true | verso info -")
        {
            output, noFaults, stacks, interval, commandOnly, quiet, words,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(output),
            new RecorderOptions
            {
                Command = parsed.GetRequiredValue(words),
                Faults = parsed.GetValue(noFaults) ? FaultRecording.Off : FaultRecording.On,
                Stacks = parsed.GetValue(stacks) ? StackRecording.On : StackRecording.Off,
                CheckpointInterval = parsed.GetValue(interval),
                End = parsed.GetValue(commandOnly) ? RecordingEnd.Command : RecordingEnd.WholeTree,
            },
            parsed.GetValue(quiet) ? Verbosity.Quiet : Verbosity.Normal,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private enum Verbosity
    {
        Normal,
        Quiet,
    }

    private static int Run(string output, RecorderOptions options, Verbosity verbosity, TextWriter error)
    {
        if (output == StandardOutput)
        {
            options = options with { Output = CommandOutput.StandardError };
        }

        OutputPath.Require(output);
        using Recorder recorder = Recorder.Prepare(options);
        using OutputFile? file = output == StandardOutput ? null : OutputFile.Create(output, Leftover.Kept);
        if (file?.SetAside is string older)
        {
            Surroundings.Say(
                error, $"verso record: a killed recording left a part of {output}, which is now in {older}\n");
        }

        RecordingOutcome outcome = Record(recorder, file);
        if (outcome.Problem is not null)
        {
            string left = file?.PartialPath is string partial ? $"; what was recorded before that is in {partial}" : "";
            Surroundings.Say(error, $"verso record: {Printable.Of(outcome.Problem.Message + left)}\n");
            return ExitStatus.Trouble;
        }

        if (verbosity == Verbosity.Normal)
        {
            Summarize(error, output, outcome);
        }

        return outcome.ExitStatus;
    }

    private static RecordingOutcome Record(Recorder recorder, OutputFile? file)
    {
        TraceWriter writer = new(file?.Stream ?? DescriptorStream.Output, recorder.Header);
        try
        {
            RecordingOutcome outcome = recorder.Run(writer);
            if (outcome.Problem is null)
            {
                writer.Running = outcome.Running;
                writer.Dispose();
                file?.Complete();
            }

            return outcome;
        }
        catch (CommandNotStartedException)
        {
            file?.Discard();
            throw;
        }
    }

    private static void Summarize(TextWriter error, string output, RecordingOutcome outcome)
    {
        RecordingCounts counts = outcome.Counts;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"verso: {counts.Events} {Figures.Noun(counts.Events, "event", "events")}, "
                + $"{counts.Tasks + 1} {Figures.Noun(counts.Tasks + 1, "task", "tasks")}, "
                + $"{counts.Checkpoints} {Figures.Noun(counts.Checkpoints, "checkpoint", "checkpoints")}, "
                + $"{counts.Lost} lost");
        Surroundings.Say(error, (output == StandardOutput ? text : $"{text}: {Printable.Of(output)}") + "\n");
        foreach ((string what, long count) in counts.NotFollowed.Rows)
        {
            Surroundings.Say(
                error, $"verso: not followed: {Printable.Of(what)} changed VMAs ({Figures.Count(count)})\n");
        }

        if (outcome.StacksUnknown > 0)
        {
            string calls = Figures.Plural(outcome.StacksUnknown, "call", "calls");
            Surroundings.Say(
                error, $"verso: the callers of {calls} are not known: stacks came faster than they could be read\n");
        }

        if (outcome.Ending == RecordingEnding.Interrupted)
        {
            Surroundings.Say(error, "verso: interrupted; what is still running is not recorded\n");
        }
    }
}
