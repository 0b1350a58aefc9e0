using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>What a recording counted about itself.</summary>
public sealed class RecordingCounts
{
    /// <summary>Records read from the ring.</summary>
    public long Records { get; internal set; }

    /// <summary>Events written to the trace.</summary>
    public long Events { get; internal set; }

    /// <summary>Records that found no room, and the like; each is declared in the trace.</summary>
    public long Lost { get; internal set; }

    /// <summary>Tasks that started, the command's first one not counted.</summary>
    public long Tasks { get; internal set; }

    /// <summary>Checkpoints written.</summary>
    public long Checkpoints { get; internal set; }

    /// <summary>Dumps that did not hold every VMA of the address space, or were cut short: not written.</summary>
    public long BrokenDumps { get; internal set; }

    /// <summary>Faults placed later than where they began: at a preparation, stack growth, the mmap lock.</summary>
    public long MovedFaults { get; internal set; }

    /// <summary>Preparations that were reused by a neighbour before their own place was known.</summary>
    public long AwaitedPreparations { get; internal set; }

    /// <summary>Forks beside which relatives changed the graph: what was reused is in the trace.</summary>
    public long RacedForks { get; internal set; }

    /// <summary>Calls whose return was never seen.</summary>
    public long AbandonedCalls { get; internal set; }

    /// <summary>Changes of VMAs by what is not followed, by name; each is declared in the trace.</summary>
    public NotFollowedTally NotFollowed { get; } = new();

    /// <summary>Records of a kind this reader does not know.</summary>
    public long UnknownRecords { get; internal set; }
}
