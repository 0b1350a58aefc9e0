using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Objects;
using Verso.Engine.Vmas;
using Verso.Lab.Callers;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Snapshots;

/// <summary>
/// The address spaces of a recording after one of its events, or of a scenario after one of its steps, as the replay
/// has them: what a snapshot would have read then, as far as the replay matches the kernel.
/// </summary>
/// <param name="Event">The event, or the step, counted from 1.</param>
/// <param name="Nanoseconds">When that was, since the recording began; 0 in a scenario.</param>
/// <param name="Snapshot">
/// A process for each address space, by its number in the recording; of a scenario A is 1, and has that letter as name.
/// </param>
public sealed record RecordedMoment(long Event, ulong Nanoseconds, Snapshot Snapshot)
{
    /// <summary>
    /// Which calls the boundaries of its address spaces come from, by their numbers; empty: it has no stacks.
    /// </summary>
    public IReadOnlyDictionary<int, BoundaryCallers> Callers { get; private init; } =
        new Dictionary<int, BoundaryCallers>();

    /// <summary>Replays a recording in the reference design to a moment that is asked for.</summary>
    /// <param name="input">The recording.</param>
    /// <param name="mm">The number of an address space; null: any.</param>
    /// <param name="until">
    /// Nanoseconds since the recording began; null: when that address space, or one of them, has the most VMAs.
    /// </param>
    /// <param name="cancellation">Ends it between two events.</param>
    /// <returns>The number of the last event until then, counted from 1; 0: there is none.</returns>
    public static long Find(TraceInput input, int? mm, ulong? until, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ReplayOptions options = Plain(new ReplayOptions { Design = ReferenceDesign.Choice });
        return input.Read((reader, _) =>
        {
            TraceReplay replay = TraceReplay.Begin(reader, options, cancellation);
            (long found, int most) = (0, 0);
            while (replay.Next() && !(replay.Step.Time > until))
            {
                cancellation.ThrowIfCancellationRequested();
                int vmas = until is not null || replay.Step.Kind == TraceEventKind.Fault ? 0 : Count(replay, mm);
                if (until is not null || vmas > most)
                {
                    (found, most) = (replay.Position, vmas);
                }
            }

            return found;
        });
    }

    /// <summary>
    /// The VMAs of the address space that the last event changed, or made; 0 if another is asked for.
    /// </summary>
    private static int Count(TraceReplay replay, int? mm)
    {
        int changed = replay.Step.Kind == TraceEventKind.Fork && mm != replay.Step.Mm
            ? (int)replay.Step.Arg0 : replay.Step.Mm;
        return (mm ?? changed) == changed && replay.Find(changed) is Space space
            ? replay.Machine.World.Mms[space.Mm].Vmas.Count : 0;
    }

    /// <summary>Replays a recording in the reference design, to its end, and looks at it after some events.</summary>
    /// <param name="input">The recording.</param>
    /// <param name="options">How it is replayed; its design is the reference's.</param>
    /// <param name="events">Numbers of events, ascending, from 1; those beyond the end are left out.</param>
    /// <param name="cancellation">Ends it between two events.</param>
    public static IReadOnlyList<RecordedMoment> Of(
        TraceInput input,
        ReplayOptions options,
        IReadOnlyList<long> events,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.Read((reader, _) =>
        {
            TraceReplay replay = TraceReplay.Begin(reader, Plain(options), cancellation);
            List<RecordedMoment> moments = [];
            CallerHistory history = new();
            while (replay.Next())
            {
                cancellation.ThrowIfCancellationRequested();
                history.Observe(replay.Step);
                if (moments.Count < events.Count && replay.Position == events[moments.Count])
                {
                    moments.Add(new RecordedMoment(replay.Position, replay.Step.Time, Capture(replay))
                    {
                        Callers = CallersOf(history, replay),
                    });
                }
            }

            return moments;
        });
    }

    private static Dictionary<int, BoundaryCallers> CallersOf(CallerHistory history, TraceReplay replay)
    {
        Dictionary<int, BoundaryCallers> callers = [];
        foreach (PlayedSpace space in replay.Spaces)
        {
            int mm = NumberOf(space);
            if (history.Of(mm) is BoundaryCallers known)
            {
                callers[mm] = known;
            }
        }

        return callers;
    }

    private static int NumberOf(PlayedSpace space) => int.Parse(space.Name, CultureInfo.InvariantCulture);

    /// <summary>Plays a scenario in the reference design up to one of its steps.</summary>
    /// <param name="scenario">It.</param>
    /// <param name="options">How it is played; its design is the reference's.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="cancellation">Ends it.</param>
    public static RecordedMoment Of(
        Scenario scenario, ReplayOptions options, long step, CancellationToken cancellation = default)
    {
        ScenarioReplay replay = ScenarioReplay.Begin(scenario, Plain(options), cancellation);
        while (replay.Position < step && replay.Next())
        {
        }

        ProcessGraph[] processes =
        [
            .. replay.Spaces.Select(space => new ProcessGraph(
                NumberOf(space.Name[0]), space.Name, 0, replay.Machine.Capture(space.Mm), GraphReading.Whole)),
        ];
        IEnumerable<VmaImage> mapped = processes.SelectMany(process => process.Image.Vmas);
        return new RecordedMoment(replay.Position, 0, new Snapshot
        {
            Header = HeaderOf(replay.Header, $"step {replay.Position}"),
            Files = [.. mapped.Where(vma => !vma.File.IsNone).DistinctBy(vma => vma.File).Select(replay.Identify)],
            Processes = processes,
        });
    }

    /// <summary>Of A 1, of a 33: as a snapshot has no letters.</summary>
    private static int NumberOf(char letter) => letter - 'A' + 1;

    private static ReplayOptions Plain(ReplayOptions options) => options with
    {
        Design = ReferenceDesign.Choice,
        Timeline = TimelineKeeping.Off,
        Verification = Verification.None,
        ProbeInterval = 0,
    };

    private static Snapshot Capture(TraceReplay replay)
    {
        ProcessGraph[] processes = [.. replay.Spaces.Select(space => Capture(replay, space))];
        return new Snapshot
        {
            Header = HeaderOf(replay.Header, $"event {replay.Position}"),
            Files = Files(replay, processes),
            Processes = processes,
        };
    }

    private static SnapshotHeader HeaderOf(TraceHeader header, string selection) => new()
    {
        Kernel = header.Kernel,
        Machine = header.Machine,
        MaxMapCount = header.MaxMapCount,
        Selection = selection,
    };

    // A recording does not name processes; the lowest file that may be executed is their program, as a rule.
    private static ProcessGraph Capture(TraceReplay replay, PlayedSpace space)
    {
        MmImage image = replay.Machine.Capture(space.Mm);
        FileId? program = image.Vmas.FirstOrDefault(vma => !vma.File.IsNone && (vma.Flags & VmaFlags.Exec) != 0)?.File;
        string path = program is FileId file ? replay.Files.IdentifyOpened(file)?.Path ?? "" : "";
        return new ProcessGraph(
            NumberOf(space), Path.GetFileName(path), 0, image, GraphReading.Whole);
    }

    /// <summary>The trace's word for files that it names; for what the machine made itself its kind.</summary>
    private static FileIdentity[] Files(TraceReplay replay, IEnumerable<ProcessGraph> processes) =>
    [
        .. processes.SelectMany(process => process.Image.Vmas).Select(vma => vma.File)
            .Where(file => !file.IsNone).Distinct()
            .Select(file => replay.Files.IdentifyOpened(file) is FileIdentity named
                ? named with { File = file } : OfMachine(replay.Machine, file)),
    ];

    private static FileIdentity OfMachine(Machine machine, FileId file)
    {
        (ulong device, ulong inode, FileKind kind) = machine.DescribeFile(file);
        return new FileIdentity(
            file, kind, device, inode, 0, device == FileTable.InternalDevice ? "/dev/zero (deleted)" : "");
    }
}
