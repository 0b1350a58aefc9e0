using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>When the recorder reads the kernel's state: what "100 %" rests on.</summary>
public sealed class CheckpointTests
{
    [Fact]
    public void AShortProgramHasSeveral()
    {
        var recorded = RecordedProgram.Record("/bin/true");
        Assert.InRange(recorded.Of(TraceEventKind.Checkpoint).Count(), 3, 6);
    }

    /// <summary>Address spaces of more than 2,048 VMAs were read at exec and exit only.</summary>
    [Fact]
    public void ManyVmasAreReadBetweenExecAndExit()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("crowd"));
        Assert.Contains(recorded.Images(), dump => dump.Event.Kind == TraceEventKind.Checkpoint
            && dump.Event.Arg0 == (ulong)CheckpointReason.Periodic && dump.Image.Vmas.Count > 2048);
    }
}
