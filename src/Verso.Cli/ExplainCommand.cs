using System.CommandLine;
using System.Globalization;
using Verso.Engine;
using Verso.Lab.Explain;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>verso explain: why a process has so many VMAs.</summary>
internal static class ExplainCommand
{
    internal static Command Create()
    {
        Argument<int> pid = new("PID")
        {
            Description = "the process",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => ReplaySettings.ParseNumber(result, "PID", 1),
        };
        Argument<string?> address = new("ADDR")
        {
            Description = "an address, in hexadecimal: show the VMAs around it and what stands between them",
            Arity = ArgumentArity.ZeroOrOne,
        };
        RmapOptions rmap = new();
        Option<string?> from = SnapshotCommand.From();
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "explain",
            "Says of each two VMAs that touch which test of the kernel keeps them from being one, and what would lift "
            + "it. Returns 0, or 2 on trouble.",
            "verso explain $(pidof dotnet)                 # why so many VMAs? (root)",
            "verso explain 4711 7f2c40000000               # what stands between those around an address",
            "verso explain 4711 --from now.vsnap           # of a snapshot taken elsewhere",
            "verso explain 4711 -j | jq '.reasons[] | [.reason, .pairs, .vmasWithout]'",
            "verso explain --rmap --all                    # what does the reverse map cost, and whose is it?")
        {
            pid, address, from, format, json,
        };
        rmap.AddTo(command);
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = parsed.GetValue(json) || parsed.GetRequiredValue(format) == "json";
            if (rmap.IsWanted(parsed))
            {
                return rmap.Run(surroundings, parsed, parsed.GetValue(pid), parsed.GetValue(from), asJson);
            }

            if (parsed.GetValue(pid) == 0)
            {
                throw new UsageException("name a process, or ask for --rmap");
            }

            Snapshot snapshot = SnapshotCommand.TakeOrLoad(parsed.GetValue(from), parsed.GetValue(pid));
            SpaceExplanation explanation = Explain(snapshot, parsed.GetValue(pid));
            string? place = parsed.GetValue(address);
            surroundings.Output.Write(asJson
                ? JsonReport.Render(explanation)
                : place is null
                    ? ExplainText.Render(explanation, surroundings.Palette)
                    : ExplainText.Strip(explanation, ParseAddress(place), surroundings.Palette));
            return ExitStatus.Success;
        });
        return command;
    }

    private static SpaceExplanation Explain(Snapshot snapshot, int pid)
    {
        ProcessGraph process = snapshot.Processes.FirstOrDefault(each => each.Pid == pid)
            ?? throw new UsageException(snapshot.Ended.Contains(pid)
                ? $"process {pid} ended before it could be read"
                : $"the snapshot has no process {pid}");
        KernelRules rules = KernelRules.Find(snapshot.Header.Kernel)
            ?? throw new UsageException(
                $"no merge rules for kernel {snapshot.Header.Kernel}, only for those like "
                + string.Join(", ", KernelRules.All.Select(each => each.Release)));
        try
        {
            return SpaceExplanation.Of(process, snapshot.Files, snapshot.Header.MaxMapCount, rules);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"{wrong.Message}: it changed while it was read, or the snapshot is made up");
        }
    }

    private static ulong ParseAddress(string text)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ulong.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address)
            ? address
            : throw new UsageException($"'{text}' is no address: hexadecimal digits, such as 7f2c40000000");
    }
}
