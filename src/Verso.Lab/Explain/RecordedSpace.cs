using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain;

/// <summary>An address space of a recording at one moment, as a replay of the reference design has it then.</summary>
public sealed record RecordedSpace
{
    /// <summary>The machine that was recorded.</summary>
    public required TraceHeader Header { get; init; }

    /// <summary>The address space; its process id is its number in the recording.</summary>
    public required ProcessGraph Process { get; init; }

    /// <summary>The files that its VMAs name.</summary>
    public required IReadOnlyList<FileIdentity> Files { get; init; }

    /// <summary>The last event before that moment, counted from 1.</summary>
    public required long Event { get; init; }

    /// <summary>When that was, in nanoseconds since the recording began.</summary>
    public required ulong Nanoseconds { get; init; }

    /// <summary>
    /// Replays a recording up to a moment. Twice, since when an address space is fullest only its end tells.
    /// </summary>
    /// <param name="input">The recording.</param>
    /// <param name="mm">Which address space; null: the one with the most VMAs.</param>
    /// <param name="at">Nanoseconds since the recording began; null: when there are the most VMAs.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null if there is no such address space at that moment.</returns>
    public static RecordedSpace? Find(TraceInput input, int? mm, ulong? at, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(input);
        long position = input.Read((reader, _) => Search(Begin(reader, cancellation), mm, at, cancellation));
        return input.Read(
            (reader, _) => ReadAt(Begin(reader, cancellation), reader.Header, mm, position, cancellation));
    }

    /// <summary>Why it has as many VMAs as it has.</summary>
    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    public SpaceExplanation Explain() => SpaceExplanation.Of(
        Process, Files, Header.MaxMapCount, RulesChoice.For(Header.Kernel).Rules, Header.Kernel);

    private static TraceReplay Begin(TraceReader reader, CancellationToken cancellation) => TraceReplay.Begin(
        reader, new ReplayOptions { Design = ReferenceDesign.Choice, ProbeInterval = 0 }, cancellation);

    // The number of the event after which the moment is; 0: before the first.
    private static long Search(TraceReplay replay, int? mm, ulong? at, CancellationToken cancellation)
    {
        long found = 0;
        int most = 0;
        while (replay.Next())
        {
            cancellation.ThrowIfCancellationRequested();
            if (at is ulong time)
            {
                if (replay.Step.Time > time)
                {
                    break;
                }

                found = replay.Position;
            }
            else if (replay.Step.Kind != TraceEventKind.Fault && (mm ?? replay.Step.Mm) == replay.Step.Mm
                && CountOf(replay, replay.Step.Mm) is int vmas && vmas > most)
            {
                (found, most) = (replay.Position, vmas);
            }
        }

        return found;
    }

    private static RecordedSpace? ReadAt(
        TraceReplay replay, TraceHeader header, int? mm, long position, CancellationToken cancellation)
    {
        while (replay.Position < position && replay.Next())
        {
            cancellation.ThrowIfCancellationRequested();
        }

        Space? space = replay.Live.Where(each => each.TraceId == (mm ?? each.TraceId))
            .MaxBy(each => CountOf(replay, each.TraceId));
        if (position == 0 || space is null)
        {
            return null;
        }

        IReadOnlyList<FileIdentity> files = replay.Files;
        MmImage image = replay.Machine.Capture(space.Mm);
        return new RecordedSpace
        {
            Header = header,
            Process = new ProcessGraph(space.TraceId, NameOf(image, files), 0, image, GraphReading.Whole),
            Files = files,
            Event = position,
            Nanoseconds = replay.Step.Time,
        };
    }

    private static int CountOf(TraceReplay replay, int traceId) =>
        replay.Find(traceId) is { } space ? replay.Machine.World.Mms[space.Mm].Vmas.Count : 0;

    // A recording does not name processes; the lowest file that may be executed is their program, as a rule.
    private static string NameOf(MmImage image, IReadOnlyList<FileIdentity> files)
    {
        FileId? program = image.Vmas.FirstOrDefault(vma => !vma.File.IsNone && (vma.Flags & VmaFlags.Exec) != 0)?.File;
        return Path.GetFileName(files.FirstOrDefault(file => file.File == program)?.Path) ?? "";
    }
}
