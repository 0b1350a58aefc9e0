using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>What a replay met besides calls.</summary>
public sealed class ReplayTally
{
    /// <summary>Processes: address spaces begun by fork, vfork or recording; threads are not among them.</summary>
    public long Processes { get; internal set; }

    public long Threads { get; internal set; }

    /// <summary>Events that the recorder declared lost.</summary>
    public long Lost { get; internal set; }

    /// <summary>Changes of VMAs that the recorder did not follow, by what they were.</summary>
    public NotFollowedTally NotFollowed { get; } = new();

    /// <summary>
    /// Faults by how they ended in the replay; anything but Done is the program's error, a difference, or (Waits)
    /// what a userfaultfd was told of.
    /// </summary>
    public long[] Faults { get; } = new long[Enum.GetValues<FaultOutcome>().Length];

    /// <summary>Populations that stopped before their end, as GUP does at a hole.</summary>
    public long PopulationsCutShort { get; internal set; }

    /// <summary>Preparations and stack growth that found no VMA for them.</summary>
    public long InternalsRefused { get; internal set; }

    /// <summary>Address spaces begun empty because the trace does not say how they began.</summary>
    public long SpacesAssumed { get; internal set; }

    /// <summary>Ends and checkpoints of address spaces that were not live, and beginnings of ones that were.</summary>
    public long UnknownSpaces { get; internal set; }

    /// <summary>Mappings of files that the trace does not name.</summary>
    public long UnnamedFiles { get; internal set; }

    /// <summary>Events of kinds that this version does not know.</summary>
    public long UnknownKinds { get; internal set; }

    /// <summary>Forks and execs that the machine had no memory for.</summary>
    public long OutOfMemory { get; internal set; }
}
