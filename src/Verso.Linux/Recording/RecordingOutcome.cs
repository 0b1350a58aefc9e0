
namespace Verso.Linux.Recording;

/// <summary>What came of a recording.</summary>
/// <param name="ExitStatus">
/// The command's, as a shell gives it: 128 + the signal that killed it. Of an interrupted recording 128 + the signal
/// that ended it.
/// </param>
/// <param name="Ending">Why the recording ended.</param>
/// <param name="Counts">What it counted about itself.</param>
/// <param name="Problem">Why the trace could not be written, where <see cref="Ending"/> is Failed; else null.</param>
public sealed record RecordingOutcome(
    int ExitStatus, RecordingEnding Ending, RecordingCounts Counts, IOException? Problem)
{
    /// <summary>Tasks that were running still when the recording ended.</summary>
    public long Running { get; init; }

    /// <summary>Calls whose stack was not kept, where stacks were asked for.</summary>
    public long StacksUnknown { get; init; }
}

/// <summary>How a recording came to its end.</summary>
public enum RecordingEnding
{
    /// <summary>The command, or its whole tree, ended.</summary>
    Finished = 0,

    /// <summary>The user ended the recording; processes may be running still.</summary>
    Interrupted = 1,

    /// <summary>The trace could not be written; the command ran to its end unrecorded.</summary>
    Failed = 2,
}
