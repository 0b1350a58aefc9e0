using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Snapshots;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>Pages of private file mappings summed up: what is counted, what is not known.</summary>
public sealed class FileMappingsTests
{
    private static readonly FileIdentity[] s_files =
    [
        new(new FileId(1), FileKind.Regular, 1, 10, 4096, "/lib/a"),
        new(new FileId(2), FileKind.Regular, 1, 10, 4096, "/lib/a"),
        new(new FileId(3), FileKind.SharedMemory, 1, 11, 4096, "/memfd:b"),
        new(new FileId(4), FileKind.Zero, 1, 12, 0, "/dev/zero"),
        new(new FileId(5), FileKind.Device, 1, 13, 0, "/dev/x"),
    ];

    [Fact]
    public void ByFileAndByProcess()
    {
        // The second shares the address space of the first.
        FileMappings sum = Of(
            Process(1, 7, FilePagesReading.Counted, [1, 3], (0, 2, 3), (1, 1, 0)),
            Process(2, 7, FilePagesReading.Counted, [1, 3], (0, 2, 3), (1, 1, 0)),
            Process(3, 8, FilePagesReading.Counted, [2], (0, 4, 4)),
            Process(4, 0, FilePagesReading.Counted, [2]),
            Process(5, 0, FilePagesReading.Counted, [2]));
        Assert.Equal(new FileMappingFigures(5, 50, 7, 7), sum.All);
        Assert.Equal((43, 36), (sum.All.Following, sum.All.NotMapped));
        Assert.Equal(
            [
                new FileFigures("/lib/a", 10, new FileMappingFigures(4, 40, 6, 7)),
                new FileFigures("/memfd:b", 11, new FileMappingFigures(1, 10, 1, 0)),
            ],
            sum.ByFile);
        Assert.Equal([3, 1, 4, 5], sum.ByProcess.Select(space => space.Pid));
        Assert.Equal(new FileMappingFigures(2, 20, 3, 3), sum.Of(2).Figures);
        Assert.Empty(sum.NotKnown);
    }

    [Fact]
    public void WhatIsNotKnownIsNoZero()
    {
        FileMappings sum = Of(
            Process(1, 1, null, [1]),
            Process(2, 2, FilePagesReading.Refused, [1]),
            Process(3, 3, FilePagesReading.Changed, [1]),
            Process(4, 4, FilePagesReading.Changed, [1]),
            Process(5, 5, FilePagesReading.NoPagemap, [1]));
        Assert.False(sum.IsKnown);
        Assert.Empty(sum.ByFile);
        Assert.Empty(sum.ByProcess);
        Assert.Equal((null, FilePagesGap.Refused), (sum.Of(2).Figures, sum.Of(2).Gap));
        Assert.Equal(
            [(FilePagesGap.NoPagemap, 1), (FilePagesGap.Refused, 1), (FilePagesGap.Changed, 2), (FilePagesGap.NotKept, 1)],
            sum.NotKnown);
    }

    /// <summary>/dev/zero is anonymous memory, devices do as they like, and shared pages are never copied.</summary>
    [Fact]
    public void WhereThereIsNoneNothingIsUnknown()
    {
        FileMappings sum = Of(
            Process(1, 1, null, [4, 5]),
            Process(2, 2, FilePagesReading.Refused, []),
            Process(3, 3, null, [1], VmaFlags.MayShare));
        Assert.True(sum.IsKnown);
        Assert.Equal(default, sum.All);
        Assert.Empty(sum.NotKnown);
    }

    private static FileMappings Of(params ProcessGraph[] processes) => FileMappings.Of(
        new Snapshot { Header = new SnapshotHeader(), Files = s_files, Processes = processes });

    private static ProcessGraph Process(
        int pid, ulong identity, FilePagesReading? reading, int[] files, params (int, long, long)[] pages) =>
        Process(pid, identity, reading, files, VmaFlags.None, pages);

    // A VMA of 10 pages for each file.
    private static ProcessGraph Process(
        int pid, ulong identity, FilePagesReading? reading, int[] files, VmaFlags flags, params (int, long, long)[] pages)
    {
        IEnumerable<VmaImage> vmas = files.Select((file, at) => new VmaImage(
            (ulong)(at + 1) << 20, ((ulong)(at + 1) << 20) + (10 * Page.Size), flags, 0, new FileId(file), 0, []));
        MmImage image = new() { Identity = identity, Vmas = [.. vmas], AnonVmas = [] };
        return new ProcessGraph(pid, "x", 0, image, GraphReading.Whole)
        {
            FilePages = reading is { } known
                ? new FilePages(known, [.. pages.Select(one => new MappedFilePages(one.Item1, one.Item2, one.Item3))])
                : null,
        };
    }
}
