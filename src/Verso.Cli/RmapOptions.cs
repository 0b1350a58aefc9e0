using System.CommandLine;
using Verso.Lab.Families;
using Verso.Lab.Replay;
using Verso.Linux.Graph;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>verso explain --rmap: what the reverse map costs, and whose it is.</summary>
internal sealed class RmapOptions
{
    private readonly Option<int[]> _rmap = new("--rmap")
    {
        Description = "what the reverse map of these processes costs instead, and whose it is",
        Arity = ArgumentArity.ZeroOrMore,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = SnapshotCommand.ParsePids,
        HelpName = "PID",
    };

    private readonly Option<bool> _all = new("--all", "-a") { Description = "with --rmap: of every process" };

    private readonly Option<string?> _cgroup = SnapshotCommand.Cgroup();

    private readonly Option<int> _top = ReplaySettings.Number(
        "--top", 1, 10, "with --rmap: lists and branches have so many entries");

    private readonly Option<string> _designs = new("--designs")
    {
        Description = "with --rmap: what these would hold for the same graph; names separated by commas, all or none",
        DefaultValueFactory = _ => "all",
        HelpName = "LIST",
    };

    private readonly Option<int> _jobs = ReplaySettings.Number(
        "--jobs", 1, Environment.ProcessorCount, "with --rmap: designs that are loaded at once");

    internal void AddTo(Command command)
    {
        command.Options.Add(_rmap);
        command.Options.Add(_all);
        command.Options.Add(_cgroup);
        command.Options.Add(_top);
        command.Options.Add(_designs);
        command.Options.Add(_jobs);
    }

    internal bool IsWanted(ParseResult parsed)
    {
        if (parsed.Has(_rmap))
        {
            return true;
        }

        parsed.Refuse("goes with --rmap: add that, or leave it out", _all, _cgroup, _top, _designs, _jobs);
        return false;
    }

    internal int Run(Surroundings surroundings, ParseResult parsed, int pid, string? file, bool asJson)
    {
        int[] pids = [.. parsed.GetValue(_rmap) ?? [], .. pid == 0 ? Array.Empty<int>() : [pid]];
        string names = parsed.GetRequiredValue(_designs);
        IReadOnlyList<DesignChoice> designs =
            names == "none" ? [] : ReplaySettings.Parse(DesignChoice.ParseList, names);
        bool all = parsed.GetValue(_all);
        Snapshot snapshot = Choose(pids, parsed.GetValue(_cgroup), all, file);
        ReverseMapCosts costs = ReverseMapCosts.Of(snapshot) with
        {
            Slabs = all ? SlabCache.Read("vm_area_struct", "anon_vma", "anon_vma_chain") : [],
        };
        costs = costs with { Designs = Load(surroundings, costs.Graph, designs, parsed.GetValue(_jobs)) };
        int top = parsed.GetValue(_top);
        surroundings.Output.Write(asJson
            ? JsonReport.Render(costs, top)
            : RmapText.Render(costs, top, surroundings.Width, surroundings.Palette));
        return ExitStatus.Success;
    }

    private static IReadOnlyList<DesignHoldings> Load(
        Surroundings surroundings, FamilyGraph graph, IReadOnlyList<DesignChoice> designs, int jobs)
    {
        int done = 0;
        using Interruption interruption = new();
        using ProgressLine line = ProgressLine.Start(
            surroundings, () => $"{Volatile.Read(ref done)} of {designs.Count} designs loaded");
        return DesignHoldings.Of(graph, designs, jobs, _ => Interlocked.Increment(ref done), interruption.Token);
    }

    /// <summary>What was asked for; of a snapshot that was kept, the processes that were named or all.</summary>
    internal static Snapshot Choose(int[] pids, string? cgroup, bool all, string? file)
    {
        int chosen = (pids.Length > 0 ? 1 : 0) + (cgroup is null ? 0 : 1) + (all ? 1 : 0);
        if (chosen > 1 || (chosen == 0 && file is null) || (file is not null && (all || cgroup is not null)))
        {
            throw new UsageException(
                "choose one of PID..., --all, --cgroup and --from; only PID... and --from go together");
        }

        Snapshot snapshot = SnapshotCommand.TakeOrLoad(file, () =>
            pids.Length > 0 ? ProcessSelection.OfPids(pids)
            : cgroup is not null ? ProcessSelection.OfCgroup(cgroup)
            : ProcessSelection.All);
        return file is null || pids.Length == 0 ? snapshot : Pick(snapshot, pids);
    }

    private static Snapshot Pick(Snapshot snapshot, int[] pids)
    {
        foreach (int pid in pids)
        {
            if (!snapshot.Processes.Any(process => process.Pid == pid))
            {
                throw ExplainCommand.NotIn(snapshot, pid);
            }
        }

        return snapshot with
        {
            Header = snapshot.Header with { Selection = $"process {string.Join(' ', pids)}" },
            Processes = [.. snapshot.Processes.Where(process => pids.Contains(process.Pid))],
            Ended = [],
        };
    }
}
