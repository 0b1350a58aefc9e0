using System.Globalization;
using Verso.Engine;
using Verso.Engine.Objects;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Snapshots;

/// <summary>
/// The address spaces of a recording after one of its events, as the replay has them: what a snapshot would have read
/// then, as far as the replay matches the kernel.
/// </summary>
/// <param name="Event">The event, counted from 1.</param>
/// <param name="Snapshot">A process for each address space, by its number in the recording.</param>
public sealed record RecordedMoment(long Event, Snapshot Snapshot)
{
    /// <summary>Replays a recording in the reference design, to its end, and looks at it after some events.</summary>
    /// <param name="input">The recording.</param>
    /// <param name="options">How it is replayed; its design is the reference's.</param>
    /// <param name="events">Numbers of events, ascending, from 1; those beyond the end are left out.</param>
    /// <param name="lives">What the address spaces were, to name them; may be empty.</param>
    /// <param name="cancellation">Ends it between two events.</param>
    public static IReadOnlyList<RecordedMoment> Of(
        TraceInput input,
        ReplayOptions options,
        IReadOnlyList<long> events,
        IReadOnlyList<SpaceLife> lives,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ReplayOptions plain = options with
        {
            Design = ReferenceDesign.Choice,
            Timeline = TimelineKeeping.Off,
            Verification = Verification.None,
        };
        return input.Read((reader, _) =>
        {
            TraceReplay replay = TraceReplay.Begin(reader, plain, cancellation);
            List<RecordedMoment> moments = [];
            while (replay.Next())
            {
                cancellation.ThrowIfCancellationRequested();
                if (moments.Count < events.Count && replay.Position == events[moments.Count])
                {
                    moments.Add(new RecordedMoment(replay.Position, Capture(replay, lives)));
                }
            }

            return moments;
        });
    }

    private static Snapshot Capture(TraceReplay replay, IReadOnlyList<SpaceLife> lives)
    {
        Dictionary<int, string> names = [];
        foreach (SpaceLife life in lives.Where(life => life.FirstEvent <= replay.Position))
        {
            names[life.Mm] = Path.GetFileName(life.Program);
        }

        ProcessGraph[] processes =
        [
            .. replay.Spaces.Select(space => (Number: int.Parse(space.Name, CultureInfo.InvariantCulture), space.Mm))
                .Select(space => new ProcessGraph(
                    space.Number,
                    names.GetValueOrDefault(space.Number, ""),
                    0,
                    replay.Machine.Capture(space.Mm),
                    GraphReading.Whole)),
        ];
        return new Snapshot
        {
            Header = new SnapshotHeader
            {
                Kernel = replay.Header.Kernel,
                Machine = replay.Header.Machine,
                MaxMapCount = replay.Header.MaxMapCount,
                Selection = $"event {replay.Position}",
            },
            Files = Files(replay, processes),
            Processes = processes,
        };
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
