using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// Memory that was mapped shared and anonymous has an object for each call, which is told from two files: one call
/// would have made one.
/// </summary>
public sealed class SharedAnonymousTests
{
    private const VmaFlags Shared = VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared | VmaFlags.MayShare
        | VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExec;

    private const VmaFlags Private = Shared & ~(VmaFlags.Shared | VmaFlags.MayShare);

    [Theory]
    [InlineData("/dev/zero (deleted)", FileKind.SharedMemory)]
    [InlineData("/dev/zero (deleted)", FileKind.Regular)]
    [InlineData("[anon_shmem:buffers]", FileKind.Regular)]
    public void OneCallWouldHaveMadeOneObject(string path, FileKind kind)
    {
        SpaceExplanation explanation = Explain(Shared, path, path, path, kind);
        ReasonGroup group = Assert.Single(explanation.Groups);
        Assert.Empty(explanation.Lasting);
        Assert.Equal((MergeTests.File, 2, 2), (group.First, group.Boundaries.Count, group.OnlyThis));
        Assert.All(group.Boundaries, pair => Assert.Equal(MergeTests.File | MergeTests.PageOffset, pair.Verdict.Failed));
        Assert.Equal(new CountRange(1, 1), explanation.VmasWithout(MergeTests.File));
        Assert.Equal(new CountRange(3, 3), explanation.VmasWithout(MergeTests.PageOffset));
        Assert.Equal("scenarios/attributes/shared-whole.txt", Assert.Single(Remedy.For(group)).Shown);
    }

    [Theory]
    [InlineData(Shared, "/SYSV00000000 (deleted)")]
    [InlineData(Shared, "/memfd:buffer (deleted)")]
    [InlineData(Shared, "/dev/shm/buffer")]
    [InlineData(Private, "/dev/zero (deleted)")]
    public void WhatAProgramMadeItselfIsTwoFiles(VmaFlags flags, string path)
    {
        SpaceExplanation explanation = Explain(flags, path, path, path, FileKind.SharedMemory);
        Assert.Empty(explanation.Groups);
        Assert.Equal(LastingReason.TwoFiles, Assert.Single(explanation.Lasting).Reason);
    }

    /// <summary>One of the two is a file: that never would have been one.</summary>
    [Fact]
    public void BothMustBe()
    {
        const string Object = "/dev/zero (deleted)";
        SpaceExplanation explanation = Explain(Shared, Object, "/memfd:buffer (deleted)", Object, FileKind.SharedMemory);
        Assert.Empty(explanation.Groups);
        Assert.Equal(2, Assert.Single(explanation.Lasting).Boundaries.Count);
    }

    private static SpaceExplanation Explain(VmaFlags flags, string first, string second, string third, FileKind kind)
    {
        string[] paths = [first, second, third];
        const ulong Device = 1;
        FileIdentity[] files = [.. paths.Select((path, at) =>
            new FileIdentity(new FileId(at + 1), kind, Device, (ulong)at + 10, Page.Size, path))];
        VmaImage[] vmas = [.. files.Select((file, at) =>
        {
            ulong start = (ulong)(at + 16) << Page.Shift;
            return new VmaImage(start, start + Page.Size, flags, 0, file.File, 0, []);
        })];
        MmImage image = new() { Vmas = vmas, AnonVmas = [] };
        return SpaceExplanation.Of(
            new ProcessGraph(1, "program", 0, image, GraphReading.Whole), files, 65530, KernelRules.Reference);
    }
}
