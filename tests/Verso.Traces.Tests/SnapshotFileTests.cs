using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces.Snapshots;

namespace Verso.Traces.Tests;

/// <summary>Snapshots as files: what was written is read, without kernel addresses; damage is noticed.</summary>
public sealed class SnapshotFileTests
{
    private const ulong Kernel = 0xffff_8880_1234_0000;

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        Snapshot snapshot = Make(processes: 3, vmas: 5);
        Snapshot read = Read(Write(snapshot));
        Assert.Equal(snapshot.Header, read.Header);
        Assert.Equal(snapshot.Files, read.Files);
        Assert.Equal(snapshot.Ended, read.Ended);
        Assert.Equal(snapshot.Processes.Count, read.Processes.Count);
        Dictionary<ulong, ulong> names = [];
        foreach ((ProcessGraph ours, ProcessGraph theirs) in snapshot.Processes.Zip(read.Processes))
        {
            Assert.Equal(ours with { Image = theirs.Image, FilePages = theirs.FilePages }, theirs);
            Assert.Equal(ours.FilePages?.Reading, theirs.FilePages?.Reading);
            Assert.Equal(ours.FilePages?.Mappings, theirs.FilePages?.Mappings);
            AssertSame(ours.Image, theirs.Image, names);
        }
    }

    [Fact]
    public void NamesMeanTheSameInEveryImage()
    {
        // B's chain names A's anon_vma, and both map the same file with the same operations.
        Snapshot read = Read(Write(Make(processes: 2, vmas: 2)));
        (MmImage a, MmImage b) = (read.Processes[0].Image, read.Processes[1].Image);
        Assert.Equal(a.Vmas[0].AnonVma, b.Vmas[0].Chain[1]);
        Assert.NotEqual(a.Identity, b.Identity);
        Assert.Equal(a.Vmas[1].Traits, b.Vmas[1].Traits);
    }

    [Fact]
    public void NoKernelAddressIsInTheFile()
    {
        Snapshot read = Read(Write(Make(processes: 4, vmas: 9)));
        foreach (MmImage image in read.Processes.Select(process => process.Image))
        {
            Assert.InRange(image.Identity, 1UL, 100UL);
            Assert.All(image.AnonVmas, node => Assert.InRange(node.Id, 1UL, 100UL));
            Assert.All(image.Vmas, vma => Assert.InRange(vma.Traits.Operations + vma.Traits.Userfault, 0UL, 100UL));
        }
    }

    [Fact]
    public void ManyBlocks()
    {
        Snapshot read = Read(Write(Make(processes: 60, vmas: 3000)));
        Assert.Equal(60, read.Processes.Count);
        Assert.All(read.Processes, process => Assert.Equal(3000, process.Image.Vmas.Count));
    }

    [Fact]
    public void NothingIsASnapshotToo()
    {
        Snapshot empty = Read(Write(new Snapshot { Header = new SnapshotHeader(), Files = [], Processes = [] }));
        Assert.Empty(empty.Processes);
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        byte[] whole = Write(Make(processes: 2, vmas: 4));
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << (at % 8));
            Assert.Throws<SnapshotFormatException>(() => Read(damaged));
        }
    }

    [Fact]
    public void EveryShorterFileIsNoticed()
    {
        byte[] whole = Write(Make(processes: 2, vmas: 4));
        for (int length = 0; length < whole.Length; length++)
        {
            SnapshotFormatException problem = Assert.Throws<SnapshotFormatException>(() => Read(whole[..length]));
            Assert.StartsWith("not a readable Verso snapshot: at byte ", problem.Message);
        }
    }

    [Fact]
    public void NothingStandsAfterTheTrailer()
    {
        byte[] whole = Write(new Snapshot { Header = new SnapshotHeader(), Files = [], Processes = [] });
        SnapshotFormatException refused = Assert.Throws<SnapshotFormatException>(() => Read([.. whole, 0]));
        Assert.Contains($"at byte {whole.Length}, expected the end", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A record of an earlier version ends before the pages of files, or before all of what is resident.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatAnEarlierVersionLeftOutIsNotKnown(bool hasMemory)
    {
        ResidentMemory? memory = hasMemory ? new(1, 2, 3, 4, 5) : null;
        ProcessGraph read = ReadOne(one => one with { Memory = memory, FilePages = null });
        Assert.Equal(memory, read.Memory);
        Assert.Null(read.FilePages);
    }

    /// <summary>VMA 1 of <see cref="Make"/> is a private mapping of 3 pages, VMA 3 a shared one.</summary>
    [Theory]
    [InlineData(true, 0, 1, 3, 0)]
    [InlineData(true, 0, 1, 1, 2)]
    [InlineData(true, 0, 5, 0, 0)]
    [InlineData(true, 0, 1, 1, 1, 5, 0, 3)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 4)]
    [InlineData(false, 1, 1, 1, 1)]
    [InlineData(false, 0, 1, 4, 0)]
    [InlineData(false, 0, 1, 2, 2)]
    [InlineData(false, 0, 1, -1, 0)]
    [InlineData(false, 0, 1, 1, int.MinValue)]
    [InlineData(false, 0, 0, 1, 0)]
    [InlineData(false, 0, 3, 1, 0)]
    [InlineData(false, 0, 6, 1, 0)]
    [InlineData(false, 0, -1, 1, 0)]
    [InlineData(false, 0, 5, 1, 0, 1, 1, 0)]
    [InlineData(false, 0, 1, 1, 0, 1, 1, 0)]
    [InlineData(false, 0, 1, 1, 0, 5, 1, 0, 5, 1, 0, 5, 1, 0, 5, 1, 0, 5, 1, 0, 5, 1, 0)]
    public void OnlyPagesThatAMappingHas(bool isSound, int reading, params int[] words)
    {
        MappedFilePages[] mappings =
            [.. words.Chunk(3).Select(three => new MappedFilePages(three[0], three[1], three[2]))];
        FilePages pages = new((FilePagesReading)reading, mappings);
        if (isSound)
        {
            Assert.Equal(mappings, ReadOne(one => one with { FilePages = pages }).FilePages!.Mappings);
        }
        else
        {
            Assert.Throws<SnapshotFormatException>(() => ReadOne(one => one with { FilePages = pages }));
        }
    }

    private static ProcessGraph ReadOne(Func<ProcessGraph, ProcessGraph> change)
    {
        Snapshot snapshot = Make(processes: 1, vmas: 6);
        return Assert.Single(Read(Write(snapshot with { Processes = [change(snapshot.Processes[0])] })).Processes);
    }

    private static byte[] Write(Snapshot snapshot)
    {
        using MemoryStream stream = new();
        SnapshotFile.Write(stream, snapshot);
        return stream.ToArray();
    }

    private static Snapshot Read(byte[] bytes)
    {
        using MemoryStream stream = new(bytes);
        return SnapshotFile.Read(stream);
    }

    // Each process is the child of the one before: its chains begin with an anon_vma of its own.
    private static Snapshot Make(int processes, int vmas)
    {
        List<ProcessGraph> graphs = [];
        for (int at = 0; at < processes; at++)
        {
            AnonVmaImage[] nodes =
            [
                .. Enumerable.Range(0, Math.Min(at + 1, 6)).Select(back => new AnonVmaImage(
                    Name(at - back), Name(Math.Max(at - 5, 0)), Name(Math.Max(at - back - 1, 0)), back % 2, at)
                {
                    RefCount = at % 3 == 2 ? null : back + 1,
                }),
            ];
            ulong[] chain = [.. nodes.Select(node => node.Id)];
            graphs.Add(new ProcessGraph(
                at + 1,
                $"name {at}",
                1_000_000UL * (ulong)at,
                new MmImage
                {
                    Identity = Kernel + (0x400UL * (ulong)at),
                    Vmas = [.. Enumerable.Range(0, vmas).Select(vma => MakeVma(vma, chain))],
                    AnonVmas = nodes,
                    Brk = 0x5555_0000_0123,
                    DefaultFlags = VmaFlags.Locked,
                },
                at % 2 == 0 ? GraphReading.Whole : GraphReading.Changed)
            {
                Memory = at % 3 == 1 ? null : new ResidentMemory(at * 1000L, 17, 0, 1L << 40, 8192),
                FilePages = at % 3 == 1 ? null : new FilePages(FilePagesReading.Counted, [new MappedFilePages(1, 2, 1)]),
            });
        }

        return new Snapshot
        {
            Header = new SnapshotHeader
            {
                Kernel = "6.18.44",
                MaxMapCount = 100,
                TakenUnixSeconds = 1_795_000_000,
                Selection = "all processes",
            },
            Files = [new FileIdentity(new FileId(7), FileKind.Regular, 0x800001, 12, 8192, "/lib/libc.so.6")],
            Processes = graphs,
            Ended = [5, 6],
        };
    }

    private static VmaImage MakeVma(int at, ulong[] chain)
    {
        ulong start = 0x1000_0000UL + ((ulong)at * 0x3000);
        return at % 2 == 0
            ? new VmaImage(start, start + 0x2000, VmaFlags.Read, (ulong)at, default, chain[0], chain)
            {
                Traits = at % 4 == 0
                    ? VmaTraits.None
                    : new VmaTraits(2, 0b101, Kernel + 64, 0, CloseOperation.None, "the heap"),
            }
            : new VmaImage(
                start, start + 0x3000, VmaFlags.Read | (at % 4 == 3 ? VmaFlags.Shared : 0), 0, new FileId(7), 0, [])
            {
                Traits = new VmaTraits(0, 0, 0, Kernel + 128, CloseOperation.Set, null),
            };
    }

    private static ulong Name(int at) => Kernel + 0x10_0000 + (0x68UL * (ulong)at);

    // Equal but for the names, which follow one renaming.
    private static void AssertSame(MmImage ours, MmImage theirs, Dictionary<ulong, ulong> names)
    {
        ulong Renamed(ulong id, ulong other)
        {
            names.TryAdd(id, other);
            return names[id];
        }

        Assert.Equal((ours.Brk, ours.DefaultFlags), (theirs.Brk, theirs.DefaultFlags));
        foreach ((AnonVmaImage node, AnonVmaImage other) in ours.AnonVmas.Zip(theirs.AnonVmas))
        {
            Assert.Equal(
                node with
                {
                    Id = Renamed(node.Id, other.Id),
                    Root = Renamed(node.Root, other.Root),
                    Parent = Renamed(node.Parent, other.Parent),
                    RefCount = ours.AnonVmas.All(one => one.RefCount is not null) ? node.RefCount : null,
                },
                other);
        }

        Assert.Equal(ours.Vmas.Count, theirs.Vmas.Count);
        foreach ((VmaImage vma, VmaImage other) in ours.Vmas.Zip(theirs.Vmas))
        {
            Assert.Equal(vma.Chain.Select(id => names[id]), other.Chain);
            Assert.Equal(
                vma with
                {
                    Chain = other.Chain,
                    AnonVma = vma.AnonVma == 0 ? 0 : names[vma.AnonVma],
                    Traits = vma.Traits with
                    {
                        Operations = other.Traits.Operations,
                        Userfault = other.Traits.Userfault,
                    },
                },
                other);
            Assert.Equal(vma.Traits.Operations == 0, other.Traits.Operations == 0);
            Assert.Equal(vma.Traits.Userfault == 0, other.Traits.Userfault == 0);
        }
    }
}
