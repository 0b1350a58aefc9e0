using Verso.Engine.Vmas;
using Verso.Lab.Replay;

namespace Verso.Lab.Merging;

/// <summary>A merge trace in counts.</summary>
public sealed class MergeSummary
{
    private readonly Dictionary<(MergeTests Reason, MergeRepair Repair), long> _split = [];

    /// <summary>Counts a trace.</summary>
    public MergeSummary(MergeTrace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        foreach (MergeAttempt attempt in trace.Attempts)
        {
            Add(attempt, trace);
        }
    }

    /// <summary>The sets of tests that the repairing design removes, alone and together.</summary>
    public static IReadOnlyList<MergeTests> RepairableReasons { get; } =
        [MergeTests.PageOffset, MergeTests.AnonVma, MergeTests.AnonVma | MergeTests.PageOffset];

    public long Attempts => Passed + Refused;

    public long Passed { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Refused attempts by the first failed test in kernel order.</summary>
    public SortedDictionary<MergeTests, long> RefusedByFirst { get; } = [];

    /// <summary>Refused attempts by all failed tests.</summary>
    public SortedDictionary<MergeTests, long> RefusedByAll { get; } = [];

    /// <summary>Attempts on anonymous memory refused by exactly these tests.</summary>
    public long Only(MergeTests reason) =>
        Enum.GetValues<MergeRepair>().Sum(repair => Only(reason, repair));

    /// <summary>Of those, the ones of which the repairing design made this.</summary>
    public long Only(MergeTests reason, MergeRepair repair) => _split.GetValueOrDefault((reason, repair));

    /// <summary>All attempts on anonymous memory that the repairing design could have something to do with.</summary>
    public long Repairable => RepairableReasons.Sum(Only);

    /// <summary>The same, by what became of them.</summary>
    public long RepairableThat(MergeRepair repair) => RepairableReasons.Sum(reason => Only(reason, repair));

    private void Add(in MergeAttempt attempt, MergeTrace trace)
    {
        MergeVerdict verdict = attempt.Trial.Verdict;
        if (verdict.CanMerge)
        {
            Passed++;
            return;
        }

        Refused++;
        RefusedByFirst[verdict.First] = RefusedByFirst.GetValueOrDefault(verdict.First) + 1;
        RefusedByAll[verdict.Failed] = RefusedByAll.GetValueOrDefault(verdict.Failed) + 1;

        // A design that says so itself that pages are shared is asked for the reasons as they were before.
        MergeTests reason = verdict.Failed & ~MergeTests.SharedPages;
        if (attempt.Trial.Memory == MergedMemory.Anonymous && RepairableReasons.Contains(reason))
        {
            (MergeTests, MergeRepair) key = (reason, trace.RepairOf(attempt));
            _split[key] = _split.GetValueOrDefault(key) + 1;
        }
    }
}
