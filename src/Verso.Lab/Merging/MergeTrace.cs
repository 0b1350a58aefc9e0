using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;

namespace Verso.Lab.Merging;

/// <summary>
/// Every merge attempt of a replay, and what became of each in a design that repairs the two tests that only anonymous
/// memory fails: different anon_vmas and page offsets.
/// </summary>
/// <remarks>Kept, not streamed: memory grows with the attempts, which are few beside the faults of a trace.</remarks>
public sealed class MergeTrace
{
    /// <summary>The design whose verdicts tell what could be repaired.</summary>
    public const string RepairingDesign = "matena-merging";

    private readonly List<MergeAttempt> _attempts = [];
    private readonly Dictionary<(long EventNumber, MergeSide Side, ulong Boundary), MergeVerdict> _repairs = [];

    private MergeTrace()
    {
    }

    /// <summary>In the order they were made.</summary>
    public IReadOnlyList<MergeAttempt> Attempts => _attempts;

    /// <summary>Replays a trace through the design asked for, then through the one that repairs.</summary>
    /// <exception cref="InputException">The trace is damaged.</exception>
    public static (ReplayResult Result, MergeTrace Trace) Run(
        TraceInput input, ReplayOptions options, ReplayProgress? progress, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        MergeTrace trace = new();
        ReplayResult result = DesignComparison.Replay(
            input, options with { MergeTried = trace._attempts.Add }, progress, cancellation);
        ReplayOptions repairing = new()
        {
            Design = DesignChoice.Parse(RepairingDesign),
            Rules = options.Rules,
            ProbeInterval = 0,
            MergeTried = attempt => trace._repairs[attempt.Key] = attempt.Trial.Verdict,
        };
        DesignComparison.Replay(input, repairing, progress, cancellation);
        return (result, trace);
    }

    /// <summary>What the repairing design made of an attempt.</summary>
    public MergeRepair RepairOf(in MergeAttempt attempt)
    {
        if (!_repairs.TryGetValue(attempt.Key, out MergeVerdict verdict))
        {
            return MergeRepair.NotTried;
        }

        return verdict.CanMerge ? MergeRepair.Passed
            : (verdict.Failed & MergeTests.SharedPages) != 0 ? MergeRepair.SharedPages
            : MergeRepair.OtherTests;
    }
}

/// <summary>What became, in the design that repairs, of an attempt that was refused.</summary>
public enum MergeRepair
{
    /// <summary>The two sides are one VMA there.</summary>
    Passed = 0,

    /// <summary>
    /// There the event tested no such boundary: an earlier repair had made it go, or the range has another extent.
    /// </summary>
    NotTried = 1,

    /// <summary>Unrepairable: pages of the range that would be re-homed are mapped elsewhere too.</summary>
    SharedPages = 2,

    /// <summary>Refused there for other tests: an offset that was kept when the range moved, for one.</summary>
    OtherTests = 3,
}
