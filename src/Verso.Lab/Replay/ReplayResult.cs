using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Fidelity;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>What one replay of one trace through one design gave.</summary>
public sealed record ReplayResult
{
    /// <summary>The design as it was asked for, with its options.</summary>
    public required string Name { get; init; }

    public required DesignFacts Design { get; init; }

    /// <summary>Of the machine whose structs were counted.</summary>
    public required MachineWord Word { get; init; }

    /// <summary>What a recording says of itself; of a scenario, what holds for its machine.</summary>
    public required TraceHeader Header { get; init; }

    /// <summary>The scenario that was played, with no checkpoint to score it by; null: it was a recording.</summary>
    public Scenario? Scenario { get; init; }

    /// <summary>The rules that the machine went by: those of the recorded kernel unless the user chose.</summary>
    public required RulesChoice Rules { get; init; }

    public required TraceGrade Grade { get; init; }

    /// <summary>Events of a recording, steps of a scenario.</summary>
    public required long Events { get; init; }

    public required IReadOnlyDictionary<TraceEventKind, long> EventsByKind { get; init; }

    public required CallTally Calls { get; init; }

    public required ReplayTally Tally { get; init; }

    public required FidelityResult Fidelity { get; init; }

    public required IReadOnlyList<ObjectFigures> Objects { get; init; }

    public required WorkFigures Work { get; init; }

    /// <summary>What only this design counts: totals, and the most that figures of state were.</summary>
    public required IReadOnlyList<DesignFigure> Figures { get; init; }

    /// <summary>What the figures were on the way; null if nobody asked for it.</summary>
    public Timeline? Timeline { get; init; }

    /// <summary>
    /// Time that this one replay spent reading and decoding the trace: no figure to compare designs by, since who comes
    /// first pays for what others find warm.
    /// </summary>
    internal long DecodeNanoseconds { get; init; }

    /// <summary>Time that it spent in the machine; probe walks, checkpoints and verification not counted.</summary>
    internal long EngineNanoseconds { get; init; }

    /// <summary>Times that were taken fairly (<see cref="Comparison.ReplayMeasurement"/>); null if none were.</summary>
    public ReplayTimes? Times { get; init; }

    /// <summary>The figures of one object type; null if this design has no such type.</summary>
    public ObjectFigures? Find(string objectType) => Objects.FirstOrDefault(row => row.Name == objectType);

    /// <summary>Objects of the reverse map alone: those that only this design or its kind has.</summary>
    public IEnumerable<ObjectFigures> OwnObjects => Objects.Where(row => !ObjectFigures.IsOfEveryMachine(row.Name));

    /// <summary>
    /// Bytes at the peak of the reverse map with the VMAs, the design's fields in them and in mm_struct, and what it
    /// adds to struct page for each frame in use.
    /// </summary>
    public long BytesWithStructs =>
        OwnObjects.Sum(row => row.BytesPeak)
        + (Find("vm_area_struct")?.BytesPeak ?? 0)
        + ((Find("mm_struct")?.Peak ?? 0) * Design.AddedTo(KernelStruct.Mm).On(Word))
        + (FramesPeak * Design.AddedTo(KernelStruct.Page).On(Word));

    /// <summary>vm_area_structs at the peak, over all address spaces.</summary>
    public long VmasPeak => Find("vm_area_struct")?.Peak ?? 0;

    /// <summary>Frames at the peak: anonymous memory and page cache.</summary>
    public long FramesPeak => Find("page")?.Peak ?? 0;
}

/// <summary>One type of kernel object.</summary>
/// <param name="Name">As in /proc/slabinfo.</param>
/// <param name="SizeBytes">Bytes of one.</param>
/// <param name="Live">At the end of the trace.</param>
/// <param name="Peak">At most at one time.</param>
/// <param name="Allocated">In all.</param>
/// <param name="AllocatedAtomic">Of those, the ones made under a spinlock.</param>
/// <param name="FreedAfterGrace">How many were freed by RCU, when a grace period had passed.</param>
public sealed record ObjectFigures(
    string Name, int SizeBytes, long Live, long Peak, long Allocated, long AllocatedAtomic, long FreedAfterGrace)
{
    /// <summary>What a machine counts whatever its design: page-table-scan has nothing of its own.</summary>
    private static readonly HashSet<string> _ofEveryMachine =
        [.. Catalogue.Designs[0].Create(new MachineOptions()).Ledger.Rows.Select(row => row.Name)];

    public long BytesPeak => Peak * SizeBytes;

    /// <summary>Whether objects of this type are there whatever the design.</summary>
    public static bool IsOfEveryMachine(string name) => _ofEveryMachine.Contains(name);

    internal static ObjectFigures Of(Ledger.Row row) =>
        new(row.Name, row.SizeBytes, row.Live, row.Peak, row.Allocated, row.AllocatedAtomic, row.FreedAfterGrace);
}

/// <summary>What a machine did, copied from its counters.</summary>
public sealed record WorkFigures
{
    public required long MergesDone { get; init; }

    /// <summary>
    /// Refused attempts by the first failed test in kernel order; tests that refused none are absent.
    /// </summary>
    public required IReadOnlyDictionary<MergeTests, long> MergesRefused { get; init; }

    public required long PtesCopied { get; init; }

    public required long PtesWriteProtected { get; init; }

    public required long PtesZapped { get; init; }

    public required long PtesMoved { get; init; }

    /// <summary>Walks of pages just touched, files' pages among them.</summary>
    public long WalkCount => Touched.Count + TouchedOfFiles.Count;

    public long WalkVisited => Touched.Visited + TouchedOfFiles.Visited;

    /// <summary>Candidates that a walk looked at, on average; 0 if there was none.</summary>
    public double VisitsPerWalk => WalkCount == 0 ? 0 : (double)WalkVisited / WalkCount;

    public long WalkUseful => Touched.Useful + TouchedOfFiles.Useful;

    public long WalkVisitedUntilDone => Touched.VisitedUntilDone + TouchedOfFiles.VisitedUntilDone;

    /// <summary>Walks of anonymous pages just touched.</summary>
    public required WalkTally Touched { get; init; }

    /// <summary>Walks of page cache just touched.</summary>
    public required WalkTally TouchedOfFiles { get; init; }

    /// <summary>Walks of anonymous pages long untouched, such as reclaim takes.</summary>
    public required WalkTally Untouched { get; init; }

    public required long FaultCount { get; init; }

    public required long FaultCopied { get; init; }

    public required long FaultReused { get; init; }

    /// <summary>Pages that a fault found in a memory object: object-owned designs only.</summary>
    public required long FaultFound { get; init; }

    public required long ForkCount { get; init; }

    public required long PreparedAllocated { get; init; }

    public required long PreparedReused { get; init; }

    public required long PreparedByLog { get; init; }

    /// <summary>VMAs of forks whose anon_vma is the logged one, where a relative's exit or fork raced.</summary>
    public required long ForkedByLog { get; init; }

    /// <summary>Searches for a free range that found another address than the kernel's.</summary>
    public required long SearchDifferences { get; init; }

    /// <summary>Acquisitions by class, and steps done while holding one.</summary>
    public required IReadOnlyDictionary<CountedLock, (long Taken, long Work)> Locks { get; init; }

    internal static WorkFigures Of(Machine machine)
    {
        Counters counters = machine.Counters;
        return new WorkFigures
        {
            MergesDone = counters.MergesDone,
            MergesRefused = Refused(counters),
            PtesCopied = counters.PtesCopied,
            PtesWriteProtected = counters.PtesWriteProtected,
            PtesZapped = counters.PtesZapped,
            PtesMoved = counters.PtesMoved,
            Touched = counters.WalksFor(WalkPurpose.Probe),
            TouchedOfFiles = counters.WalksFor(WalkPurpose.Probe, WalkedPages.File),
            Untouched = counters.WalksFor(WalkPurpose.Reclaim),
            FaultCount = counters.FaultCount,
            FaultCopied = counters.FaultCopied,
            FaultReused = counters.FaultReused,
            FaultFound = counters.FaultFound,
            ForkCount = counters.ForkCount,
            PreparedAllocated = counters.PreparedAllocated,
            PreparedReused = counters.PreparedReused,
            PreparedByLog = counters.PreparedByLog,
            ForkedByLog = counters.ForkedByLog,
            SearchDifferences = machine.SearchDifferences,
            Locks = Enum.GetValues<CountedLock>().ToDictionary(
                type => type, type => (machine.World.Locks.Taken[(int)type], machine.World.Locks.Work[(int)type])),
        };
    }

    /// <summary>See <see cref="MergesRefused"/>.</summary>
    internal static SortedDictionary<MergeTests, long> Refused(Counters counters)
    {
        SortedDictionary<MergeTests, long> refused = [];
        for (int test = 0; test < counters.MergesRefused.Length; test++)
        {
            if (counters.MergesRefused[test] != 0)
            {
                refused[(MergeTests)(1 << test)] = counters.MergesRefused[test];
            }
        }

        return refused;
    }
}
