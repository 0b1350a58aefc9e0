using System.Globalization;
using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Explain.Copies;
using Verso.Linux.Graph;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>Every kind of pair that some live processes have, and what came of acting on a copy of each.</summary>
internal sealed class PairCheck
{
    private readonly Dictionary<Situation, (MergeTests Said, int Pairs)> _kinds = [];

    /// <summary>What explain said of two pairs of one kind, and of which; empty if it never differs.</summary>
    public List<string> Contradictions { get; } = [];

    public int Processes { get; private set; }

    public int Changed { get; private set; }

    public int Vmas { get; private set; }

    public int Pairs { get; private set; }

    /// <summary>One a kind.</summary>
    public IReadOnlyList<CopyTrial> Trials { get; private set; } = [];

    public int Kinds => _kinds.Count;

    /// <summary>Reads and explains processes as they are now; some may have ended.</summary>
    public void Look(IEnumerable<int> pids, KernelRules rules)
    {
        using GraphReader reader = GraphReader.Open();
        HashSet<int> wanted = [.. pids];
        Snapshot snapshot = SnapshotTaker.Take(reader, ProcessSelection.All);
        Dictionary<FileId, FileIdentity> files = snapshot.Files.ToDictionary(file => file.File);
        foreach (ProcessGraph process in snapshot.Processes.Where(process => wanted.Contains(process.Pid)))
        {
            Processes++;
            if (process.Reading == GraphReading.Changed)
            {
                Changed++;
                continue;
            }

            SpaceExplanation explanation = SpaceExplanation.Of(process, snapshot.Files, 0, rules);
            Vmas += explanation.VmaCount;
            foreach (Boundary boundary in explanation.Boundaries)
            {
                Pairs++;
                Add(Situation.Of(boundary, file => files.GetValueOrDefault(file)), boundary.Verdict.Failed);
            }
        }
    }

    /// <summary>Copies each kind, and acts on it.</summary>
    public void Act(KernelRules rules) => Trials = CopyStage.Use(rules, stage =>
    {
        CopyJudge judge = new(stage);
        return _kinds.Select(kind => judge.Try(kind.Key, kind.Value.Said)).ToList();
    });

    public int Count(CopyResult result) => Trials.Count(trial => trial.Result == result);

    /// <summary>Pairs of kinds that came out so.</summary>
    public int PairsOf(CopyResult result) =>
        Trials.Where(trial => trial.Result == result).Sum(trial => _kinds[trial.Situation].Pairs);

    /// <summary>Pairs of kinds that came out right with their causes undone so.</summary>
    public int PairsOf(CauseUndoing undoing) => Trials
        .Where(trial => trial.Result == CopyResult.Right && trial.Undoing == undoing)
        .Sum(trial => _kinds[trial.Situation].Pairs);

    /// <summary>A line of a markdown table.</summary>
    public string Row(string program)
    {
        string because = string.Join("; ", Trials
            .Where(trial => trial.Result == CopyResult.NotCopied)
            .GroupBy(trial => trial.Story)
            .Select(group => $"{group.Key} ({group.Sum(trial => _kinds[trial.Situation].Pairs)} pairs)"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {program} | {Processes} | {Vmas} | {Pairs} | {Kinds} | {Count(CopyResult.Right)} "
            + $"| {PairsOf(CauseUndoing.None)} | {PairsOf(CauseUndoing.ByCalls)} | {PairsOf(CauseUndoing.MadeWithout)} "
            + $"| {Count(CopyResult.Wrong)} | {Count(CopyResult.NotCopied)} | {because} |");
    }

    private void Add(Situation kind, MergeTests said)
    {
        if (!_kinds.TryGetValue(kind, out (MergeTests Said, int Pairs) known))
        {
            known = (said, 0);
        }
        else if (known.Said != said)
        {
            Contradictions.Add($"{known.Said} and {said} of {kind}");
        }

        _kinds[kind] = (known.Said, known.Pairs + 1);
    }
}
