using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Verso.Lab.Playing;
using Verso.Linux;
using Verso.Reports.Text;
using Verso.Traces;
using Verso.Traces.Importers;

namespace Verso.Cli;

/// <summary>verso import: makes a trace from the text of strace or perf script.</summary>
internal static class ImportCommand
{
    private const string Standard = "-";

    internal static Command Create()
    {
        Argument<string[]> words = new("TEXT")
        {
            Description = "strace or perf (default: detected), then the file (- for stdin)",
            Arity = new ArgumentArity(1, 2),
            HelpName = "TEXT",
        };
        words.CompletionSources.Add("strace", "perf");
        Option<string> output = new("--output", "-o")
        {
            Description = "write the trace to this file; - for stdout",
            DefaultValueFactory = _ => "trace.verso",
            HelpName = "FILE",
        };
        Option<TextFormat> from = new("--from")
        {
            Description = "which tool wrote the text",
            CustomParser = ParseFormat,
            HelpName = "detect|strace|perf",
        };
        Option<UnknownTasks> unknown = new("--unknown-tasks")
        {
            Description = "take tasks whose start is not in the text for threads of one process or for a process each; "
                + "default: threads if the text begins in the middle of a program (strace -p)",
            CustomParser = ParseUnknown,
            HelpName = "threads|processes",
        };
        Option<bool> quiet = new("--quiet", "-q") { Description = "print no summary" };
        DocumentedCommand command = new(
            "import",
            "Makes a trace from the text of strace or perf script. Such text lacks much of what a recording has: the "
            + "grade of the trace says what. The files of strace -ff are one text after strace-log-merge.",
            "strace -f -o calls.txt -ttt -T -y make -j2; verso import strace calls.txt -o make.verso",
            "strace -f -p $(pidof redis-server) -o calls.txt -ttt -T -y; verso import calls.txt",
            "strace -ff -o calls -ttt -T -y make; strace-log-merge calls | verso import strace -",
            "perf script --ns -F pid,tid,cpu,time,event,trace | verso import perf - -o run.verso")
        {
            words, output, from, unknown, quiet,
        };
        command.SetAction(parsed =>
        {
            (string name, TextFormat format) = Choose(parsed.GetRequiredValue(words), parsed.GetValue(from));
            OutputPath.Require(parsed.GetRequiredValue(output));
            OutputPath.RequireApart(parsed.GetRequiredValue(output), name);
            ImportSummary summary = ImportNamed(
                name, format, parsed.GetRequiredValue(output), parsed.GetValue(unknown));
            if (!parsed.GetValue(quiet))
            {
                Summarize(summary, parsed.GetRequiredValue(output), parsed.InvocationConfiguration.Error);
            }

            return ExitStatus.Success;
        });
        return command;
    }

    private static TextFormat ParseFormat(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!Enum.TryParse(text, ignoreCase: true, out TextFormat named) || !Enum.IsDefined(named))
        {
            result.AddError($"--from takes detect, strace or perf, not '{text}'");
        }

        return named;
    }

    private static UnknownTasks ParseUnknown(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text is not ("threads" or "processes"))
        {
            result.AddError($"--unknown-tasks takes threads or processes, not '{text}'");
        }

        return text is "threads" ? UnknownTasks.Threads : UnknownTasks.Processes;
    }

    /// <summary>The words are [FORMAT] FILE.</summary>
    private static (string Name, TextFormat Format) Choose(string[] words, TextFormat from)
    {
        if (words.Length == 1)
        {
            return (words[0], from);
        }

        return Enum.TryParse(words[0], ignoreCase: true, out TextFormat named) && Enum.IsDefined(named)
            ? (words[1], named)
            : throw new UsageException($"'{words[0]}' is not a format: use strace or perf");
    }

    private static ImportSummary ImportNamed(
        string name, TextFormat format, string output, UnknownTasks unknown)
    {
        try
        {
            return Import(name, format, output, unknown);
        }
        catch (ImportException problem)
        {
            throw new InputException(name, problem);
        }
    }

    /// <summary>The output is not touched before the text has shown to hold something.</summary>
    private static ImportSummary Import(string name, TextFormat format, string output, UnknownTasks unknown)
    {
        using TextReader text = name == Standard ? new StreamReader(DescriptorStream.Input) : new StreamReader(name);
        OutputFile? file = null;
        TraceWriter? writer = null;
        try
        {
            ImportSummary summary = TextImporter.Import(text, format, header =>
            {
                file = output == Standard ? null : OutputFile.Create(output, Leftover.Deleted);
                return writer = new TraceWriter(file?.Stream ?? DescriptorStream.Output, header);
            }, unknown);
            writer?.Dispose();
            file?.Complete();
            return summary;
        }
        finally
        {
            file?.Dispose();
        }
    }

    private static void Summarize(ImportSummary summary, string output, TextWriter error)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        string grade = string.Join(", ", WhatIsMissing(summary.Header.Grade));
        string name = output == Standard ? "" : $": {output}";
        Say(error, string.Create(
            plain,
            $"{summary.Events} {Figures.Noun(summary.Events, "event", "events")}, "
                + $"{summary.Calls} {Figures.Noun(summary.Calls, "memory call", "memory calls")}, "
                + $"{summary.Tasks} {Figures.Noun(summary.Tasks, "task", "tasks")}{name}"));
        Say(error, $"from {summary.Header.Source}, {grade}");
        foreach ((long count, string one, string what) in LeftOut(summary))
        {
            if (count > 0)
            {
                Say(error, string.Create(plain, $"{count} {Figures.Noun(count, one, one + "s")} {what}"));
            }
        }
    }

    private static IEnumerable<string> WhatIsMissing(TraceGrade grade)
    {
        if ((grade & TraceGrade.NoFaults) != 0)
        {
            yield return "no page faults";
        }

        if ((grade & TraceGrade.NoInitialLayout) != 0)
        {
            yield return "no layouts of new programs";
        }

        if ((grade & TraceGrade.NoCheckpoints) != 0)
        {
            yield return "no state of the kernel to compare with";
        }
    }

    private static (long Count, string One, string What)[] LeftOut(ImportSummary summary) =>
    [
        (summary.UnknownLines, "line", string.Create(
            CultureInfo.InvariantCulture, $"not understood, the first is line {summary.FirstUnknownLine}")),
        (summary.NotImported, "memory call", "left out: no such event in a trace, or an unknown argument"),
        (summary.WithoutResult, "memory call", "left out: their result is not in the text"),
        (summary.Injected, "memory call", "left out: strace injected their result"),
        (summary.TasksOfUnknownOrigin, "more task", "whose start is not in the text" + Taken(summary.TakenFor)),
        (summary.Assumptions, "fact", "assumed: files without a path, sizes of segments, flags of clones"),
        (summary.Lost, "event", "lost by perf"),
    ];

    private static string Taken(UnknownTasks what) => what switch
    {
        UnknownTasks.Threads => ": taken for threads of one process; --unknown-tasks processes: for a process each",
        UnknownTasks.Processes => ": taken for a process each; --unknown-tasks threads: for threads of one process",
        _ => "; their processes are",
    };

    private static void Say(TextWriter error, string message) =>
        Surroundings.Say(error, $"verso: {Printable.Of(message)}\n");
}
