using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>verso explain: why a process has so many VMAs.</summary>
internal static class ExplainCommand
{
    private const string FromProc = "proc";
    private const string FromKernel = "kernel";

    internal static Command Create()
    {
        Argument<string[]> words = Words();
        Option<string?> place = Place();
        Option<bool> full = Full();
        RmapOptions rmap = new();
        Option<string?> from = SnapshotCommand.From();
        from.Description += ", or a recording, of which PID is the number of an address space";
        Option<string> source = Source();
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "explain",
            "Why a process has so many VMAs: what keeps most of them apart, where, what to do, and how many are left "
            + "then; after -- of a program that is run, at its fullest and at its end. With --full, for each pair of "
            + "adjacent VMAs: which kernel check prevents merging, and what would remove it. Processes that have ended "
            + "are reported and left out. Returns 0 if at least one could be read, else 2; of a program its exit "
            + "status.",
            "verso explain $(pidof dotnet)                      # why so many VMAs? (run as root for the full answer)",
            "verso explain 4711 --full                          # every reason, with addresses and remedies",
            "verso explain 4711 --at 7f2c40000000               # what keeps the VMAs around an address apart",
            "verso explain 4711 --at 7f2c40000000-7f2c50000000  # those of a range",
            "verso explain -- make -j2                          # run it, and explain it at its fullest",
            "verso explain 4711 --from now.vsnap                # of a snapshot taken elsewhere",
            "verso explain --from make.verso --at 1.5s          # a recording, then; without --at at its fullest",
            "verso explain 4711 -j | jq '.reasons[] | [.reason, .pairs, .vmasNeverAtMost]'",
            "verso explain --rmap --all                         # what does the reverse map cost, and who owns it?")
        {
            words, full, place, from, source, format, json,
        };
        command.RunsCommand = true;
        rmap.AddTo(command);
        Symbols symbols = new(words, full, place, rmap, from, source, format, json);
        command.SetAction(parsed => Run(parsed, symbols));
        return command;
    }

    private static int Run(ParseResult parsed, Symbols symbols)
    {
        Surroundings surroundings = Surroundings.Of(parsed);
        bool asJson = ReplaySettings.FormatOf(parsed, symbols.Format, symbols.Json) == "json";
        string[] program = ProgramOf(parsed);
        int[] named = PidsOf((parsed.GetValue(symbols.Words) ?? [])[..^program.Length]);
        string? file = parsed.GetValue(symbols.From);
        if (symbols.Rmap.IsWanted(parsed))
        {
            RequireNoProgram(program, "--rmap is of processes that run");
            parsed.Refuse("cannot be combined with --rmap, which covers whole processes", symbols.Place);
            parsed.Refuse("cannot be combined with --rmap: see --top", symbols.Full);
            parsed.Refuse("cannot be combined with --rmap, which needs the kernel's graph", symbols.Source);
            return symbols.Rmap.Run(surroundings, parsed, named, file, asJson);
        }

        bool isFull = parsed.GetValue(symbols.Full);
        bool isRecording = program.Length == 0 && ExplainRecording.IsOne(file);
        ulong? time = isRecording ? ExplainRecording.TimeOf(parsed.GetValue(symbols.Place)) : null;
        AddressRange? range = time is null && parsed.GetValue(symbols.Place) is string text
            ? AddressRange.Parse(text) : null;
        if (asJson || range is not null)
        {
            parsed.Refuse("has no effect with --at or JSON, which leave nothing out", symbols.Full);
        }

        if (file is not null)
        {
            parsed.Refuse("is for live processes: it cannot be combined with --from", symbols.Source);
        }

        string source = parsed.GetRequiredValue(symbols.Source);
        string Show(SpaceExplanation each) => Render(surroundings, each, range, asJson, isFull);
        if (program.Length > 0)
        {
            RequireNoProgram(named.Length > 0 ? program : [], "leave out the process ids before --");
            parsed.Refuse("cannot be combined with a program to run", symbols.From);
            return ExplainProgram.Run(surroundings, program, source, Show, asJson);
        }

        if (isRecording)
        {
            return ExplainRecording.Run(surroundings, file!, named, time, Show, asJson);
        }

        if (file is null || named.Length > 0)
        {
            RequireProcesses(named, range);
        }

        if (file is null)
        {
            return ExplainAll(surroundings, named, asJson, pid => Show(Read(surroundings, pid, source)));
        }

        Snapshot kept = SnapshotCommand.Load(file);
        return ExplainAll(
            surroundings, named.Length > 0 ? named : [OnlyProcessOf(kept)], asJson, pid => Show(Explain(kept, pid)));
    }

    /// <summary>What stands after --.</summary>
    private static string[] ProgramOf(ParseResult parsed)
    {
        int separator = parsed.Tokens.ToList().FindIndex(token => token.Type == TokenType.DoubleDash);
        return separator < 0 ? [] : [.. parsed.Tokens.Skip(separator + 1).Select(token => token.Value)];
    }

    private static int[] PidsOf(string[] words)
    {
        foreach (string word in words)
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) || pid <= 0)
            {
                throw new UsageException(
                    $"PID takes process ids, not '{word}'; use --at for an address, -- before a command");
            }
        }

        return [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
    }

    private static void RequireNoProgram(string[] program, string why)
    {
        if (program.Length > 0)
        {
            throw new UsageException($"a program to run stands alone: {why}");
        }
    }

    private static void RequireProcesses(int[] named, AddressRange? range)
    {
        if (named.Length == 0)
        {
            throw new UsageException("name a process, or a command after --, or use --rmap");
        }

        if (range is not null && named.Length > 1)
        {
            throw new UsageException("--at requires exactly one process");
        }
    }

    private static int OnlyProcessOf(Snapshot snapshot) => snapshot.Processes switch
    {
        [ProcessGraph only] => only.Pid,
        [] => throw new ProcessSelectionException("the snapshot has no process"),
        [ProcessGraph first, ..] => throw new UsageException(string.Create(
            CultureInfo.InvariantCulture,
            $"the snapshot has {snapshot.Processes.Count} processes: name one, for example {first.Pid} "
                + $"({Printable.Of(first.Command)}); 'verso top --from' lists them")),
    };

    /// <summary>One after another; who has ended is reported, and is trouble only if nobody is left.</summary>
    private static int ExplainAll(Surroundings surroundings, int[] pids, bool asJson, Func<int, string> explain)
    {
        StringBuilder all = new();
        List<ProcessSelectionException> leftOut = [];
        int[] distinct = [.. pids.Distinct()];
        bool isFirst = true;
        foreach (int pid in distinct)
        {
            try
            {
                string text = (isFirst ? "" : "\n") + explain(pid);
                isFirst = false;
                if (!asJson && surroundings.IsTerminal)
                {
                    all.Append(text);
                }
                else
                {
                    surroundings.Output.Write(text);
                }
            }
            catch (ProcessSelectionException reason) when (distinct.Length > 1)
            {
                leftOut.Add(reason);
            }
        }

        Pager.Write(surroundings, all.ToString());
        if (leftOut.Count == distinct.Length)
        {
            throw new ProcessSelectionException(
                $"none of {distinct.Length} processes can be read; use --at for an address");
        }

        foreach (ProcessSelectionException reason in leftOut)
        {
            surroundings.Say($"verso explain: {reason.Message}; left out\n");
        }

        return ExitStatus.Success;
    }

    private static Argument<string[]> Words() => new("PID")
    {
        Description = "the processes; or after -- a command and its arguments, whose standard output then goes "
            + "to standard error",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static Option<bool> Full() => new("--full")
    {
        Description = "show everything: all pairs by reason, with addresses and remedies",
    };

    private static Option<string?> Place() => new("--at")
    {
        Description = "a hexadecimal address of one process: show the VMAs around it and what keeps them apart; "
            + "or a range, written as in /proc/PID/maps; of a recording also a time after its begin: 1.5s, 20ms",
        HelpName = "ADDR",
    };

    private static Option<string> Source()
    {
        Option<string> source = new("--source")
        {
            Description = "kernel: the kernel's own graph (root); proc: /proc, which does not show everything; "
                + "auto: the first that can be read",
            DefaultValueFactory = _ => "auto",
            HelpName = "SOURCE",
        };
        source.AcceptOnlyFromAmong("auto", FromKernel, FromProc);
        return source;
    }

    private static string Render(
        Surroundings surroundings, SpaceExplanation explanation, AddressRange? range, bool asJson, bool isFull)
    {
        SpaceStrip? strip = range?.Of(explanation);
        if (asJson || strip is not null)
        {
            return asJson ? JsonReport.Render(explanation, strip)
                : StripText.Render(explanation, strip!, surroundings.Palette);
        }

        if (!isFull)
        {
            return ExplainBriefText.Render(explanation, surroundings.ProseWidth, surroundings.Palette);
        }

        return ExplainText.Render(explanation, surroundings.Palette);
    }

    private static SpaceExplanation Read(Surroundings surroundings, int pid, string source)
    {
        if (source == FromProc)
        {
            return Explain(ProcSpaceReader.Read(pid));
        }

        try
        {
            return Explain(SnapshotCommand.Take(surroundings, pid), pid);
        }
        catch (GraphUnavailableException reason) when (source != FromKernel)
        {
            ProcSpace space = ProcSpaceReader.Read(pid);
            SayFromProc(surroundings, reason);
            return Explain(space);
        }
    }

    /// <summary>What reads the kernel's graph; null if it is /proc, which is said if nobody asked for it.</summary>
    internal static GraphReader? OpenReader(Surroundings surroundings, string source)
    {
        try
        {
            return source == FromProc ? null : GraphReader.Open();
        }
        catch (GraphUnavailableException reason) when (source != FromKernel)
        {
            SayFromProc(surroundings, reason);
            return null;
        }
    }

    private static void SayFromProc(Surroundings surroundings, GraphUnavailableException reason) =>
        surroundings.Say(
            $"verso explain: read from /proc, which does not show everything: {Printable.Of(reason.Message)}\n");

    /// <summary>A process of a snapshot.</summary>
    internal static SpaceExplanation Explain(Snapshot snapshot, int pid, BoundaryCallers? callers = null)
    {
        ProcessGraph process = snapshot.Processes.FirstOrDefault(each => each.Pid == pid)
            ?? throw NotIn(snapshot, pid);
        string kernel = snapshot.Header.Kernel;
        KernelRules rules = RulesChoice.For(kernel).Rules;
        return WithReadableErrors(
            () => SpaceExplanation.Of(
                process, snapshot.Files, snapshot.Header.MaxMapCount, rules, kernel, callers));
    }

    /// <summary>Why a process that was asked for is not in a snapshot.</summary>
    internal static ProcessSelectionException NotIn(Snapshot snapshot, int pid) => new(snapshot.Ended.Contains(pid)
        ? $"process {pid} ended before it could be read"
        : $"the snapshot has no process {pid}");

    /// <summary>A process as /proc shows it.</summary>
    internal static SpaceExplanation Explain(ProcSpace space)
    {
        KernelRules rules = RulesChoice.For(space.Header.Kernel).Rules;
        return WithReadableErrors(() => SpaceExplanation.Of(space, rules));
    }

    /// <summary>What no kernel has is said on one line.</summary>
    private static SpaceExplanation WithReadableErrors(Func<SpaceExplanation> explain)
    {
        try
        {
            return explain();
        }
        catch (FormatException wrong)
        {
            throw new ProcessSelectionException(
                $"{wrong.Message}: it changed while being read, or the snapshot is not from a kernel", wrong);
        }
    }

    private sealed record Symbols(
        Argument<string[]> Words,
        Option<bool> Full,
        Option<string?> Place,
        RmapOptions Rmap,
        Option<string?> From,
        Option<string> Source,
        Option<string> Format,
        Option<bool> Json);
}
