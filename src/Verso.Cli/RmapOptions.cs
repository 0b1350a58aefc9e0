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
        Description = "show what the reverse map of these processes costs and who owns it",
        Arity = ArgumentArity.ZeroOrMore,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = SnapshotCommand.ParsePids,
        HelpName = "PID",
    };

    private readonly Option<bool> _all = new("--all", "-a") { Description = "with --rmap: every process" };

    private readonly Option<string?> _cgroup = SnapshotCommand.Cgroup();

    private readonly Option<int> _top = ReplaySettings.Number(
        "--top", 1, 10, "with --rmap: show at most N entries per list and branch");

    private readonly Option<string> _designs = new("--designs")
    {
        Description = "with --rmap: what these designs would hold for the same graph; comma-separated names, "
                + "all or none",
        DefaultValueFactory = _ => "all",
        HelpName = "LIST",
    };

    private readonly Option<int> _jobs = ReplaySettings.Jobs("with --rmap: designs to load in parallel");

    private readonly Option<long> _memory = MemoryLimit.Option();

    internal void AddTo(Command command)
    {
        _designs.CompletionSources.Add("none");
        command.Options.Add(_rmap);
        command.Options.Add(_all);
        command.Options.Add(_cgroup);
        command.Options.Add(_top);
        command.Options.Add(_designs);
        command.Options.Add(_jobs);
        command.Options.Add(_memory);
    }

    internal bool IsWanted(ParseResult parsed)
    {
        if (parsed.Has(_rmap))
        {
            return true;
        }

        parsed.Refuse("requires --rmap", _all, _cgroup, _top, _designs, _jobs, _memory);
        return false;
    }

    internal int Run(Surroundings surroundings, ParseResult parsed, int[] named, string? file, bool asJson)
    {
        int[] pids = [.. parsed.GetValue(_rmap) ?? [], .. named];
        string names = parsed.GetRequiredValue(_designs);
        IReadOnlyList<DesignChoice> designs =
            names == "none" ? [] : ReplaySettings.Parse(DesignChoice.ParseList, names);
        bool all = parsed.GetValue(_all);
        Snapshot snapshot = Choose(surroundings, pids, parsed.GetValue(_cgroup), all, file);
        ReverseMapCosts costs = ReverseMapCosts.Of(snapshot) with
        {
            Slabs = all ? SlabCache.Read("vm_area_struct", "anon_vma", "anon_vma_chain") : [],
        };
        costs = costs with { Designs = Load(surroundings, costs.Graph, designs, parsed) };
        int top = parsed.GetValue(_top);
        string text = asJson
            ? JsonReport.Render(costs, top)
            : RmapText.Render(costs, top, surroundings.Width, surroundings.Palette);
        Pager.Write(surroundings, text, isForPeople: !asJson);
        return ExitStatus.Success;
    }

    private IReadOnlyList<DesignHoldings> Load(
        Surroundings surroundings, FamilyGraph graph, IReadOnlyList<DesignChoice> designs, ParseResult parsed)
    {
        int done = 0;
        using Interruption interruption = new();
        string noun = Figures.Noun(designs.Count, "design", "designs");
        using ProgressLine line = ProgressLine.Start(
            surroundings, () => $"{Volatile.Read(ref done)} of {designs.Count} {noun} loaded");
        return DesignHoldings.Of(
            graph,
            designs,
            ReplaySettings.JobsOf(parsed, _jobs),
            MemoryLimit.Of(parsed, _memory),
            _ => Interlocked.Increment(ref done),
            interruption.Token);
    }

    /// <summary>What was asked for; of a snapshot that was kept, the processes that were named or all.</summary>
    internal static Snapshot Choose(
        Surroundings surroundings, int[] pids, string? cgroup, bool all, string? file)
    {
        int chosen = (pids.Length > 0 ? 1 : 0) + (cgroup is null ? 0 : 1) + (all ? 1 : 0);
        if (chosen > 1 || (chosen == 0 && file is null) || (file is not null && (all || cgroup is not null)))
        {
            throw new UsageException(
                "choose one of PID..., --all, --cgroup and --from; only PID... and --from can be combined");
        }

        Snapshot snapshot = SnapshotCommand.TakeOrLoad(surroundings, file, () =>
            pids.Length > 0 ? ProcessSelection.OfPids(pids)
            : cgroup is not null ? ProcessSelection.OfCgroup(cgroup)
            : ProcessSelection.All);
        return file is null || pids.Length == 0 ? snapshot : Pick(surroundings, snapshot, pids);
    }

    private static Snapshot Pick(Surroundings surroundings, Snapshot snapshot, int[] pids)
    {
        ProcessGraph[] picked = [.. snapshot.Processes.Where(process => pids.Contains(process.Pid))];
        foreach (int pid in pids.Except(picked.Select(process => process.Pid)))
        {
            ProcessSelectionException reason = ExplainCommand.NotIn(snapshot, pid);
            surroundings.Say(picked.Length > 0 ? $"verso: {reason.Message}; left out\n" : throw reason);
        }

        return snapshot with
        {
            Header = snapshot.Header with
            {
                Selection = $"process {string.Join(' ', picked.Select(process => process.Pid))}",
            },
            Processes = picked,
            Ended = [],
        };
    }
}
