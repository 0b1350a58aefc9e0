namespace Verso.Linux.Recording;

/// <summary>What to record and how.</summary>
public sealed record RecorderOptions
{
    /// <summary>The command and its arguments; the first word is sought in PATH as execvp does.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Page faults: needed for page state, copy-on-write and walks; more than half of all events.</summary>
    public FaultRecording Faults { get; init; } = FaultRecording.On;

    /// <summary>Size of the ring buffer in bytes; a power of two.</summary>
    public int RingBytes { get; init; } = 64 << 20;

    /// <summary>Whether the stacks that calls come from are recorded.</summary>
    public StackRecording Stacks { get; init; } = StackRecording.Off;

    /// <summary>Size of the ring buffer of stacks in bytes; a power of two. One takes 8 KiB and a little.</summary>
    public int StackRingBytes { get; init; } = 128 << 20;

    /// <summary>
    /// Write-lock episodes of a task between two checkpoints of its address space, at least; more as the run and the
    /// number of VMAs grow. The first come at an eighth, a quarter and half of it, so that short programs have some.
    /// 0: no checkpoints but at exec and at exit.
    /// </summary>
    public int CheckpointInterval { get; init; } = 64;

    /// <summary>
    /// Address spaces with more VMAs than this get no checkpoint at fork, where nothing spreads its cost: 1 us a VMA.
    /// </summary>
    public int CheckpointMaxVmas { get; init; } = 2048;

    /// <summary>Where the command's standard output goes.</summary>
    public CommandOutput Output { get; init; } = CommandOutput.Inherited;

    /// <summary>Numbers of system calls that are not followed though they could be: what tests take away.</summary>
    internal IReadOnlyList<int> LeftOut { get; init; } = [];

    /// <summary>When the recording ends by itself.</summary>
    public RecordingEnd End { get; init; } = RecordingEnd.WholeTree;
}

/// <summary>Whether page faults become events.</summary>
public enum FaultRecording
{
    On = 0,
    Off = 1,
}

/// <summary>Whether each call's user stack becomes events.</summary>
public enum StackRecording
{
    Off = 0,
    On = 1,
}

/// <summary>When a recording ends by itself.</summary>
public enum RecordingEnd
{
    /// <summary>With the last process of the command's tree.</summary>
    WholeTree = 0,

    /// <summary>With the command; what it leaves running goes on unrecorded.</summary>
    Command = 1,
}

/// <summary>Where the command's standard output goes.</summary>
public enum CommandOutput
{
    /// <summary>Where the recorder's own goes.</summary>
    Inherited = 0,

    /// <summary>To standard error, for the trace takes standard output.</summary>
    StandardError = 1,
}
