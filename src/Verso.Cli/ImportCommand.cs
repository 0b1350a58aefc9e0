using System.CommandLine;
using System.Globalization;
using Verso.Traces;
using Verso.Traces.Importers;

namespace Verso.Cli;

/// <summary>verso import: makes a trace from the text of strace or perf script.</summary>
internal static class ImportCommand
{
    private const int Success = 0;
    private const int Trouble = 2;
    private const string Standard = "-";

    internal static Command Create()
    {
        Argument<string[]> words = new("TEXT")
        {
            Description = "[strace|perf] TEXT: text of strace -f -o FILE -ttt -T -y, or of perf script; - is standard input",
            Arity = new ArgumentArity(1, 2),
        };
        Option<string> output = new("--output", "-o")
        {
            Description = "where the trace goes; - is standard output",
            DefaultValueFactory = _ => "trace.verso",
            HelpName = "FILE",
        };
        Option<bool> quiet = new("--quiet", "-q") { Description = "no summary" };
        Command command = new("import", "make a trace from the text of strace or perf script")
        {
            output, quiet, words,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(words),
            parsed.GetRequiredValue(output),
            parsed.GetValue(quiet) ? static (_, _) => { } : Summarize));
        return command;
    }

    private static int Run(string[] words, string output, Action<ImportSummary, string> report)
    {
        string name = words[^1];
        TextFormat format = TextFormat.Detect;
        if (words.Length > 1 && (!Enum.TryParse(words[0], ignoreCase: true, out format) || !Enum.IsDefined(format)))
        {
            return Complain($"expected strace or perf before the text, found '{words[0]}'");
        }

        try
        {
            report(Import(name, format, output), output);
            return Success;
        }
        catch (ImportException problem)
        {
            return Complain($"{name}: {problem.Message}");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Complain(problem.Message);
        }
    }

    private static int Complain(string message)
    {
        Console.Error.WriteLine($"verso import: {message}");
        return Trouble;
    }

    /// <summary>The output is not touched before the text has shown to hold something.</summary>
    private static ImportSummary Import(string name, TextFormat format, string output)
    {
        using TextReader text = name == Standard ? Console.In : new StreamReader(name);
        Stream? stream = null;
        TraceWriter? writer = null;
        try
        {
            ImportSummary summary = TextImporter.Import(text, format, header =>
            {
                stream = output == Standard
                    ? Console.OpenStandardOutput()
                    : new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.Read);
                return writer = new TraceWriter(stream, header);
            });
            writer?.Dispose();
            return summary;
        }
        finally
        {
            stream?.Dispose();
        }
    }

    private static void Summarize(ImportSummary summary, string output)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        string grade = string.Join(", ", WhatIsMissing(summary.Header.Grade));
        string name = output == Standard ? "" : $": {output}";
        Say(string.Create(
            plain, $"{summary.Events} events, {summary.Calls} memory calls, {summary.Tasks} tasks{name}"));
        Say($"from {summary.Header.Source}, {grade}");
        foreach ((long count, string what) in LeftOut(summary))
        {
            if (count > 0)
            {
                Say(string.Create(plain, $"{count} {what}"));
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

    private static (long Count, string What)[] LeftOut(ImportSummary summary) =>
    [
        (summary.UnknownLines, string.Create(
            CultureInfo.InvariantCulture, $"lines not understood, the first is line {summary.FirstUnknownLine}")),
        (summary.NotImported, "memory calls left out: no such event, or an argument that is not known"),
        (summary.WithoutResult, "memory calls left out: their result is not in the text"),
        (summary.Injected, "memory calls left out: strace injected their result"),
        (summary.TasksOfUnknownOrigin, "tasks whose start is not in the text"),
        (summary.Assumptions, "facts assumed: files without a path, sizes of segments, flags of clones"),
        (summary.Lost, "events lost by perf"),
    ];

    private static void Say(string message) => Console.Error.WriteLine($"verso: {message}");
}
