using Verso.Engine;

namespace Verso.Lab.Replay;

/// <summary>How a trace is replayed through one design.</summary>
public sealed record ReplayOptions
{
    /// <summary>The interval of <see cref="ProbeInterval"/> if nobody says otherwise.</summary>
    public const int DefaultProbeInterval = 512;

    public required DesignChoice Design { get; init; }

    /// <summary>Kernel rules that the user chose; null: those of the kernel that the trace was recorded on.</summary>
    public KernelRules? Rules { get; init; }

    /// <summary>
    /// Nothing in a recording walks the reverse map, so the replay does: one walk of the page just touched every so
    /// many faults, and of the last pages touched at each checkpoint. The same pages for every design. 0: no walks;
    /// null: <see cref="DefaultProbeInterval"/>, and of a scenario, which is short, after every access.
    /// </summary>
    public int? ProbeInterval { get; init; }

    public Verification Verification { get; init; } = Verification.None;

    /// <summary>What the machine may take of memory, in bytes.</summary>
    public long MemoryLimitBytes { get; init; } = MemoryBudget.DefaultLimitBytes;

    /// <summary>Of the machine whose structs are counted.</summary>
    public MachineWord Word { get; init; } = MachineWord.Bits64;

    /// <summary>Differences from the kernel that are kept with their details; the rest are only counted.</summary>
    public int DifferenceLimit { get; init; } = 20;

    /// <summary>Whether each kept difference comes with the events that led to it.</summary>
    public HistoryKeeping History { get; init; } = HistoryKeeping.Off;

    /// <summary>Whether the result has what its figures were on the way.</summary>
    public TimelineKeeping Timeline { get; init; } = TimelineKeeping.Off;

    /// <summary>Told every so often how many events have been replayed; from the replay's own thread.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Told of every lock, those of probe walks included; null costs nothing.</summary>
    public IReplayLockLog? Locks { get; init; }

    /// <summary>Told of every merge attempt, in order; null costs nothing.</summary>
    public Action<MergeAttempt>? MergeTried { get; init; }
}

/// <summary>What is checked while a trace is replayed, besides the kernel's checkpoints.</summary>
public enum Verification
{
    None = 0,

    /// <summary>
    /// At every checkpoint, and at the end: every walk of every frame (S2), and the audit of all state.
    /// </summary>
    AtCheckpoints = 1,
}

/// <summary>Whether a replay remembers what was done to each address space.</summary>
public enum HistoryKeeping
{
    Off = 0,

    /// <summary>The last events that can change VMAs, for each live address space.</summary>
    On = 1,
}
