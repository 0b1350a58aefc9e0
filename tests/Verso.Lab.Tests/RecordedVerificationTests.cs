using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.LockStep;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>Programs recorded here and now, and what they did done again in lock step.</summary>
public sealed class RecordedVerificationTests
{
    /// <summary>The stand-ins of files that may not be executed may not be either.</summary>
    [Fact]
    public void ObjectsOfTheKernelAreStoodInFor()
    {
        ScenarioResult result = Verify("kernel-objects", Playback.AssertWhole);
        Assert.Contains(result.Played.Files, file => (file.Modes & FileModes.NoExec) != 0);
        Assert.Empty(result.Played.Recording!.LeftOut);

        // mprotect of a part of perf's ring was refused because that cannot be split; its stand-in can.
        Assert.InRange(result.Played.Recording.Refused.Count - result.RefusedAgain, 0, 1);
    }

    /// <summary>clone3 that is refused when memory has been copied, and what the copy has left in the graph.</summary>
    [Fact]
    public void RefusedClonesAreForksThatEnd() => Verify("clones", replay =>
    {
        Playback.AssertWhole(replay);
        Assert.InRange(replay.EventsByKind[TraceEventKind.Fork], 24, 28);
    });

    /// <summary>VM_MAYWRITE goes with F_SEAL_WRITE; the stand-ins of a verification have no seals, which is said.</summary>
    [Fact]
    public void SealedFilesAreNeverWritten()
    {
        ScenarioResult result = Verify("seals", replay =>
        {
            Playback.AssertWhole(replay);
            Assert.Equal(3, replay.Calls.Refused[Errno.EPERM]);
        });
        Assert.Equal((9, 0), (result.Played.Recording!.Refused.Count, result.RefusedAgain));
    }

    /// <summary>
    /// Refusals of this program are of its address space, so they come again; but those by a segment and by a userfaultfd,
    /// which no step makes.
    /// </summary>
    [Fact]
    public void WhatWasRefusedIsAskedForAgain()
    {
        ScenarioResult result = Verify("moves", _ => { });
        Assert.InRange(result.Played.Recording!.Refused.Count, 3, 1000);
        Assert.InRange(result.Played.Recording.Refused.Count - result.RefusedAgain, 0, result.RefusedAgain / 10);
    }

    private static ScenarioResult Verify(string name, Action<ReplayResult> check)
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        Assert.SkipWhen(KernelRules.Find(KernelStage.Release) is null, $"no rules of kernel {KernelStage.Release}");
        using MemoryStream recording = Playback.Record(name);
        check(Playback.Replay(recording));
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, recording.ToArray());
            using TraceInput input = TraceInput.Open(file);
            ScenarioRunOptions options = new() { Rules = RulesChoice.For(KernelStage.Release) };
            ScenarioResult result = Assert.Single(ScenarioVerification.Run(
                [TraceScenario.Read(input, long.MaxValue)], options, new VerificationProgress(), TestContext.Current.CancellationToken));
            Assert.Null(result.Failure?.Difference);
            return result;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
