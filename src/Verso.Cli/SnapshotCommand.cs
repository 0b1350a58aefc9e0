using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Verso.Lab.Comparison;
using Verso.Lab.Snapshots;
using Verso.Linux;
using Verso.Linux.Graph;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>verso snapshot: the VMAs and the anon_vma graph of live processes.</summary>
internal static class SnapshotCommand
{
    internal static Command Create()
    {
        Option<string?> output = new("--output", "-o")
        {
            Description = "write the snapshot to this file; - for stdout (the summary is then not printed)",
            HelpName = "FILE",
        };
        Option<int[]> pids = Pids();
        Option<string?> cgroup = Cgroup();
        Option<bool> all = new("--all", "-a") { Description = "every process; the default" };
        Option<string?> from = From();
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "snapshot",
            "Reads the VMAs and the anon_vma graph of live processes from the kernel, without stopping them, and "
            + "prints a summary. Processes that have ended are reported and left out. Returns 0 if at least one could "
            + "be read, else 2.",
            "verso snapshot                           # summary of every process (root)",
            "verso snapshot -o now.vsnap              # and save it",
            "verso snapshot --pid 1 $(pidof postgres)",
            "verso snapshot --from now.vsnap -j | jq .objects")
        {
            output, pids, cgroup, all, from, format, json,
        };
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            string? file = parsed.GetValue(from);
            Func<ProcessSelection> selection = Choose(
                parsed.GetValue(pids) ?? [], parsed.GetValue(cgroup), parsed.GetValue(all), file);
            string? target = parsed.GetValue(output);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            if (target == TraceInput.Standard)
            {
                parsed.Refuse(
                    "formats the summary, which is not printed with -o -: write the snapshot to a file", json, format);
            }

            Snapshot snapshot = file is null
                ? Take(surroundings, selection, target, SnapshotDetail.GraphAndMemory) : Load(file);
            SaveAndShow(surroundings, snapshot, target, asJson);
            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>The option of every command that takes a snapshot.</summary>
    internal static Option<string?> From() => new("--from")
    {
        Description = "read a saved snapshot instead of taking one (- for stdin)",
        HelpName = "FILE",
    };

    /// <summary>The option that names processes.</summary>
    internal static Option<int[]> Pids() => new("--pid", "-p")
    {
        Description = "these processes",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ParsePids,
        HelpName = "PID",
    };

    /// <summary>The option that names a control group.</summary>
    internal static Option<string?> Cgroup() => new("--cgroup")
    {
        Description = "the processes of a control group and its descendants; PATH is relative to /sys/fs/cgroup",
        HelpName = "PATH",
    };

    /// <summary>The graph of one process.</summary>
    internal static Snapshot Take(Surroundings surroundings, int pid) =>
        Take(surroundings, () => ProcessSelection.OfPids([pid]), null, SnapshotDetail.Graph);

    /// <summary>A snapshot of some processes, or one that was kept.</summary>
    internal static Snapshot TakeOrLoad(
        Surroundings surroundings, string? file, Func<ProcessSelection> selection) => file is null
        ? Take(surroundings, selection, null, SnapshotDetail.GraphAndMemory)
        : Load(file);

    /// <summary>Which processes are meant; the choice is made when they are read.</summary>
    internal static Func<ProcessSelection> Choose(int[] pids, string? cgroup, bool all, string? file)
    {
        int chosen = (pids.Length > 0 ? 1 : 0) + (cgroup is null ? 0 : 1) + (all ? 1 : 0) + (file is null ? 0 : 1);
        return chosen > 1 ? throw new UsageException("choose one of --pid, --cgroup, --all and --from")
            : pids.Length > 0 ? () => ProcessSelection.OfPids(pids)
            : cgroup is not null ? () => ProcessSelection.OfCgroup(cgroup)
            : () => ProcessSelection.All;
    }

    /// <summary>Says which of the processes that were named are left out.</summary>
    internal static void SayLeftOut(Surroundings surroundings, ProcessSelection selection)
    {
        foreach (string reason in selection.LeftOut)
        {
            surroundings.Say($"verso: {reason}; left out\n");
        }
    }

    private static Snapshot Take(
        Surroundings surroundings, Func<ProcessSelection> selection, string? target, SnapshotDetail detail)
    {
        if (target is not null)
        {
            OutputPath.Require(target);
        }

        ProcessSelection chosen = selection();
        SayLeftOut(surroundings, chosen);
        using GraphReader reader = GraphReader.Open();
        Snapshot snapshot = SnapshotTaker.Take(reader, chosen, detail);
        foreach (int pid in chosen.IsOfNamed ? snapshot.Ended : [])
        {
            surroundings.Say($"verso: process {pid} could not be read or ended meanwhile; left out\n");
        }

        return snapshot;
    }

    /// <summary>A snapshot that was kept.</summary>
    internal static Snapshot Load(string name)
    {
        OutputPath.RequireName(name);
        if (Directory.Exists(name))
        {
            throw new IOException($"'{name}' is a directory");
        }

        using Stream stream = name == TraceInput.Standard ? DescriptorStream.Input : File.OpenRead(name);
        return TraceInput.ReadSnapshot(name, stream);
    }

    private static void Save(string target, Snapshot snapshot)
    {
        if (target == TraceInput.Standard)
        {
            SnapshotFile.Write(DescriptorStream.Output, snapshot);
            return;
        }

        OutputFile.Write(target, stream => SnapshotFile.Write(stream, snapshot));
    }

    // Writing and summing up take about as long as each other, and neither changes the snapshot.
    private static void SaveAndShow(Surroundings surroundings, Snapshot snapshot, string? target, bool asJson)
    {
        Task saving = target is null ? Task.CompletedTask : Task.Run(() => Save(target, snapshot));
        string text = target == TraceInput.Standard ? "" : Render(surroundings, snapshot, asJson);
        saving.GetAwaiter().GetResult();
        Pager.Write(surroundings, text, isForPeople: !asJson && text.Length > 0);
    }

    private static string Render(Surroundings surroundings, Snapshot snapshot, bool asJson)
    {
        SnapshotSummary summary = SnapshotSummary.Of(snapshot);
        return asJson
            ? JsonReport.Render(snapshot, summary)
            : SnapshotText.Render(snapshot, summary, surroundings.Width, surroundings.Palette);
    }

    /// <summary>Reads the process ids after an option, and says on one line what it takes.</summary>
    internal static int[] ParsePids(ArgumentResult result)
    {
        List<int> pids = [];
        foreach (Token token in result.Tokens)
        {
            if (int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
            {
                pids.Add(pid);
            }
            else
            {
                string option = (result.Parent as OptionResult)?.Option.Name ?? "PID";
                string hint = result.Parent is OptionResult ? "" : "; use --at for an address";
                result.AddError($"{option} takes process ids, not '{token.Value}'{hint}");
            }
        }

        return [.. pids];
    }
}
