using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>Programs recorded here and now: the replay equals the kernel's state, or says what it lacks.</summary>
public sealed class PlaybackTests
{
    [Theory]
    [InlineData("-m64")]
    [InlineData("-m32")]
    public void ProgramsOfBothWidthsAreWhole(string abi)
    {
        ReplayResult result = Playback.Of("everyday", abi);
        Playback.AssertWhole(result);
        Assert.InRange(result.EventsByKind[TraceEventKind.Mprotect], 128, 400);
        Assert.Equal(2, result.EventsByKind[TraceEventKind.Shmat]);

        // One event a range of process_madvise: 40 of them, and MADV_DONTFORK.
        Assert.InRange(result.EventsByKind[TraceEventKind.Madvise], 41, 60);
    }

    [Fact]
    public void SpecialMappingsAreNotSplit() => Playback.AssertWhole(Playback.Of("special"));

    [Fact]
    public void WhatAnotherProcessLetsGrowIsFollowed()
    {
        ReplayResult result = Playback.Of("grows");
        Playback.AssertWhole(result);
        Assert.Equal(2, result.EventsByKind[TraceEventKind.StackGrow]);
    }

    [Fact]
    public void AMountThatAllowsMoreIsSeen() => Playback.AssertWhole(Playback.Of("remount"));

    [Fact]
    public void AFileOpenedAgainHasTheAccessItWasOpenedWith() => Playback.AssertWhole(Playback.Of("reopen"));
}
