using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>Whatever changes VMAs without being followed is declared by name, and lowers the grade.</summary>
public sealed class NotFollowedTests
{
    private const int Madvise = 28;
    private const int Ioctl = 16;
    private const int Prctl = 157;
    private const int IoSetup = 206;
    private const int SetMempolicyHomeNode = 450;

    /// <summary>A call that none of the programs makes.</summary>
    private const int None = 0;
    private const int CannotHere = 77;

    [Theory]
    [InlineData("call", Madvise, "system call 28 madvise")]
    [InlineData("ioctl", Ioctl, "ioctl 0xc020aa00 of [userfaultfd]")]
    [InlineData("prctl", Prctl, "prctl option 67")]
    [InlineData("aio", IoSetup, "system call 206 io_setup")]
    [InlineData("handed", Ioctl, "process beyond in system call 16 ioctl")]
    [InlineData("home", SetMempolicyHomeNode, "system call 450 set_mempolicy_home_node")]
    [InlineData("breakpoint", None, "exception outside calls")]
    public void ACallLeftOutLowersTheGrade(string way, int number, string name)
    {
        var (rows, grade) = RecordWithout(number, way);
        Assert.Equal([name], rows.Select(row => row.Key));
        Assert.Equal(TraceGrade.NotFollowed, grade);
    }

    [Fact]
    public void A32BitCallOfA64BitProgramLowersTheGrade()
    {
        var (rows, grade) = RecordWithout(Madvise, "int80");
        Assert.Equal([new KeyValuePair<string, long>("32-bit system call 219 madvise", 1)], rows);
        Assert.Equal(TraceGrade.NotFollowed, grade);
    }

    [Fact]
    public void A32BitCallIsFollowed()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("beyond"), "int80");
        Assert.SkipWhen(recorded.Outcome.ExitStatus == CannotHere, "this kernel takes no 32-bit calls");
        Assert.Equal(0, recorded.Outcome.ExitStatus);
        Assert.Empty(recorded.Outcome.Counts.NotFollowed.Rows);
        var advice = Assert.Single(recorded.Of(TraceEventKind.Madvise));
        Assert.Equal((4096UL, 16UL, 0L), (advice.Arg1, advice.Arg2, advice.Result));
    }

    [Theory]
    [InlineData("refused", Madvise)]
    [InlineData("call", Prctl)]
    public void WhatChangesNothingIsNotDeclared(string way, int number)
    {
        var (rows, grade) = RecordWithout(number, way);
        Assert.Empty(rows);
        Assert.Equal(TraceGrade.Complete, grade);
    }

    // Through a file and back.
    private static (IReadOnlyList<KeyValuePair<string, long>> Rows, TraceGrade Grade) RecordWithout(
        int number, string way)
    {
        RecordingOutcome outcome;
        using var file = new MemoryStream();
        using (var recorder = Recorder.Prepare(new RecorderOptions
        {
            Command = [RecordedProgram.Compile("beyond"), way],
            LeftOut = [number],
        }))
        using (var writer = new TraceWriter(file, recorder.Header))
        {
            outcome = recorder.Run(writer);
        }

        Assert.SkipWhen(outcome.ExitStatus == CannotHere, $"this machine cannot do what '{way}' does");
        Assert.Equal(0, outcome.ExitStatus);
        file.Position = 0;
        var tally = new NotFollowedTally();
        using var reader = TraceReader.Open(file);
        while (reader.TryRead(out var e))
        {
            tally.Add(e);
        }

        Assert.Equal(outcome.Counts.NotFollowed.Rows, tally.Rows);
        Assert.Equal(tally.Total, reader.Trailer!.NotFollowed);
        return (tally.Rows, reader.Grade);
    }
}
