using Verso.Engine.Vmas;

namespace Verso.Lab.Replay;

/// <summary>Whether a replay keeps what its figures were on the way.</summary>
public enum TimelineKeeping
{
    Off = 0,

    /// <summary>Samples at the same events whatever the design, and what each address space cost.</summary>
    On = 1,
}

/// <summary>How the figures of a replay grew, and what each address space had in them.</summary>
public sealed record Timeline
{
    /// <summary>By ascending event; the last one is of the last event.</summary>
    public required IReadOnlyList<TimelineSample> Samples { get; init; }

    /// <summary>Types of the reverse map's objects, in the order in which samples have them.</summary>
    public required IReadOnlyList<string> ObjectTypes { get; init; }

    /// <summary>Every address space, in the order in which they began.</summary>
    public required IReadOnlyList<SpaceLife> Lives { get; init; }
}

/// <summary>A machine at one moment.</summary>
/// <param name="Event">The event that it was looked at after, counted from 1.</param>
/// <param name="Nanoseconds">From the beginning of the recording to that event.</param>
public readonly record struct TimelineSample(long Event, ulong Nanoseconds)
{
    /// <summary>Live address spaces.</summary>
    public required int Spaces { get; init; }

    /// <summary>VMAs of all of them.</summary>
    public required long Vmas { get; init; }

    /// <summary>VMAs of the one that has the most.</summary>
    public required int VmasOfLargest { get; init; }

    /// <summary>Frames in use: anonymous memory and page cache.</summary>
    public required long Frames { get; init; }

    /// <summary>Bytes of the reverse map by <see cref="Timeline.ObjectTypes"/>.</summary>
    public required IReadOnlyList<long> OwnBytes { get; init; }

    /// <summary>Merges refused until then, by the first failed test.</summary>
    public required IReadOnlyDictionary<MergeTests, long> Refused { get; init; }
}

/// <summary>How an address space began.</summary>
public enum SpaceBeginning
{
    /// <summary>The recording does not say.</summary>
    Unknown = 0,

    /// <summary>It lived when the recording began.</summary>
    Attach = 1,
    Fork = 2,
    Exec = 3,
}

/// <summary>One address space of a recording, from its beginning to its end, and what it cost in one design.</summary>
public sealed record SpaceLife
{
    /// <summary>Its number in the recording.</summary>
    public required int Mm { get; init; }

    /// <summary>The index in <see cref="Timeline.Lives"/> of the one that it came from; -1: of none.</summary>
    public required int Parent { get; init; }

    public required SpaceBeginning Beginning { get; init; }

    /// <summary>The path of the program that exec began it with, or of the parent's; empty if unknown.</summary>
    public required string Program { get; init; }

    /// <summary>The event that began it, counted from 1.</summary>
    public required long FirstEvent { get; init; }

    /// <summary>The event that ended it; 0: it lived on.</summary>
    public long EndEvent { get; internal set; }

    /// <summary>Events on it, faults and calls.</summary>
    public long Events { get; internal set; }

    /// <summary>The most VMAs that it had after an event.</summary>
    public int VmasPeak { get; internal set; }

    /// <summary>Page-table entries that the fork which made it copied.</summary>
    public long PtesCopied { get; internal set; }

    /// <summary>Frames that copy-on-write made for it.</summary>
    public long FramesCopied { get; internal set; }

    /// <summary>Bytes of the reverse map's objects that were allocated by its fork and by its events.</summary>
    public long OwnBytesAllocated { get; internal set; }
}
