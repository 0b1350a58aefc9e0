using System.CommandLine;
using Verso.Engine;
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
        Argument<int> pid = new("PID")
        {
            Description = "the process",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => ReplaySettings.ParseNumber(result, "PID", 1),
        };
        Argument<string?> place = new("ADDR")
        {
            Description = "an address, in hexadecimal: show the VMAs around it and what stands between them; or a "
                + "range, as maps has it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        RmapOptions rmap = new();
        Option<string?> from = SnapshotCommand.From();
        Option<string> source = Source();
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "explain",
            "Says of each two VMAs that touch which test of the kernel keeps them from being one, and what would lift "
            + "it. Returns 0, or 2 on trouble.",
            "verso explain $(pidof dotnet)                 # why so many VMAs? (root is told all)",
            "verso explain 4711 7f2c40000000               # what stands between those around an address",
            "verso explain 4711 7f2c40000000-7f2c50000000  # between those of a range",
            "verso explain 4711 --from now.vsnap           # of a snapshot taken elsewhere",
            "verso explain 4711 -j | jq '.reasons[] | [.reason, .pairs, .vmasWithoutAtMost]'",
            "verso explain --rmap --all                    # what does the reverse map cost, and whose is it?")
        {
            pid, place, from, source, format, json,
        };
        rmap.AddTo(command);
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            if (rmap.IsWanted(parsed))
            {
                RefuseBesideRmap(parsed, place, source);
                return rmap.Run(surroundings, parsed, parsed.GetValue(pid), parsed.GetValue(from), asJson);
            }

            if (parsed.GetValue(pid) == 0)
            {
                throw new UsageException("name a process, or ask for --rmap");
            }

            if (parsed.GetValue(from) is not null)
            {
                parsed.Refuse("says where live processes are read: leave out one of --from and --source", source);
            }

            AddressRange? range = parsed.GetValue(place) is string text ? AddressRange.Parse(text) : null;
            SpaceExplanation explanation = Read(
                surroundings, parsed.GetValue(pid), parsed.GetValue(from), parsed.GetRequiredValue(source));
            surroundings.Output.Write(Render(explanation, range?.Of(explanation), asJson, surroundings.Palette));
            return ExitStatus.Success;
        });
        return command;
    }

    private static void RefuseBesideRmap(ParseResult parsed, Argument<string?> place, Option<string> source)
    {
        if (parsed.GetValue(place) is string text)
        {
            throw new UsageException($"--rmap is of whole processes: leave out --rmap, or the address '{text}'");
        }

        parsed.Refuse("goes without --rmap, which needs the kernel's graph: leave out one of them", source);
    }

    private static Option<string> Source()
    {
        Option<string> source = new("--source")
        {
            Description = "kernel: the kernel's own graph (root); proc: the files of /proc, which do not tell all; "
                + "auto: the first that may be read",
            DefaultValueFactory = _ => "auto",
            HelpName = "SOURCE",
        };
        source.AcceptOnlyFromAmong("auto", FromKernel, FromProc);
        return source;
    }

    private static string Render(SpaceExplanation explanation, SpaceStrip? strip, bool asJson, Palette palette) =>
        asJson ? JsonReport.Render(explanation, strip)
        : strip is null ? ExplainText.Render(explanation, palette)
        : StripText.Render(explanation, strip, palette);

    private static SpaceExplanation Read(Surroundings surroundings, int pid, string? from, string source)
    {
        if (from is not null)
        {
            return Explain(SnapshotCommand.TakeOrLoad(from, pid), pid);
        }

        if (source == FromProc)
        {
            return Explain(ProcSpaceReader.Read(pid));
        }

        try
        {
            return Explain(SnapshotCommand.TakeOrLoad(null, pid), pid);
        }
        catch (GraphUnavailableException reason) when (source != FromKernel)
        {
            ProcSpace space = ProcSpaceReader.Read(pid);
            surroundings.Error.Write($"verso explain: read from /proc, which does not tell all: {reason.Message}\n");
            return Explain(space);
        }
    }

    private static SpaceExplanation Explain(Snapshot snapshot, int pid)
    {
        ProcessGraph process = snapshot.Processes.FirstOrDefault(each => each.Pid == pid)
            ?? throw NotIn(snapshot, pid);
        string kernel = snapshot.Header.Kernel;
        KernelRules rules = RulesChoice.For(kernel).Rules;
        return Sane(() => SpaceExplanation.Of(process, snapshot.Files, snapshot.Header.MaxMapCount, rules, kernel));
    }

    /// <summary>Why a process that was asked for is not in a snapshot.</summary>
    internal static ProcessSelectionException NotIn(Snapshot snapshot, int pid) => new(snapshot.Ended.Contains(pid)
        ? $"process {pid} ended before it could be read"
        : $"the snapshot has no process {pid}");

    private static SpaceExplanation Explain(ProcSpace space)
    {
        KernelRules rules = RulesChoice.For(space.Header.Kernel).Rules;
        return Sane(() => SpaceExplanation.Of(space, rules));
    }

    private static SpaceExplanation Sane(Func<SpaceExplanation> explain)
    {
        try
        {
            return explain();
        }
        catch (FormatException wrong)
        {
            throw new ProcessSelectionException(
                $"{wrong.Message}: it changed while it was read, or the snapshot is made up", wrong);
        }
    }
}
