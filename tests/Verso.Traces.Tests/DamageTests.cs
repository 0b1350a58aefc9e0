using System.Text;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>Nothing in a file is trusted, its checksums neither: these files have them right.</summary>
/// <remarks>
/// Strategy: blocks of sound files are damaged at random and given right checksums, so that the damage gets past
/// them. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class DamageTests
{
    private const int Rounds = 1500;

    /// <summary>
    /// What reading a file of a few KiB may allocate, whatever it says: some blocks of what it really holds.
    /// </summary>
    private const long AllocationMax = 64L << 20;

    [Fact]
    public void DamageBehindRightChecksumsIsNoticedOrHarmless()
    {
        int seed = RandomSeed.First;
        Random events = new(seed);
        List<Block> blocks = Block.Split(Samples.Write(RoundTripTests.Generate(events, 60)));
        for (int round = 0; round < Rounds; round++)
        {
            Random random = new(seed + round);
            List<Block> damaged = [.. blocks];
            int at = random.Next(damaged.Count);
            byte[] body = Damage.Bytes(damaged[at].Unpacked, random);
            damaged[at] = random.Next(2) == 0 ? damaged[at].With(body) : damaged[at].Deflated(body);
            AssertRefusedOrRead(Block.Join(damaged), $"seed {seed + round}");
        }
    }

    [Fact]
    public void DamagedDeflateDataIsNoticed()
    {
        int seed = RandomSeed.First;
        Random random = new(seed);
        List<Block> blocks = Block.Split(Samples.Write(RoundTripTests.Generate(new Random(1), 300)));
        Assert.Equal(1, blocks[1].Coding);
        for (int round = 0; round < 500; round++)
        {
            byte[] body = Damage.Bytes(blocks[1].Body, random);
            Block damaged = blocks[1] with { Body = body, Stored = body.Length };
            AssertRefusedOrRead(Block.Join([blocks[0], damaged, blocks[2]]), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void MissingDoubledAndDisplacedBlocksAreNoticedWhereTheyAre()
    {
        List<Block> blocks = Block.Split(Samples.Write(RoundTripTests.Generate(new Random(4), 40_000)));
        Assert.True(blocks.Count >= 5);
        int second = Block.Magic.Length + blocks[..2].Sum(block => block.ToBytes().Length);
        List<Block> missing = [.. blocks];
        missing.RemoveAt(2);
        List<Block> doubled = [.. blocks];
        doubled.Insert(2, blocks[1]);
        List<Block> displaced = [.. blocks];
        (displaced[2], displaced[3]) = (displaced[3], displaced[2]);
        foreach (List<Block> file in new[] { missing, doubled, displaced })
        {
            Assert.Equal(second, Refused(Block.Join(file)).Offset);
        }
    }

    [Fact]
    public void SizesClaimNoMemory()
    {
        Block header = Block.Split(Samples.Write([]))[0];
        byte[] start = Block.Join([header]);
        foreach (Block claim in new Block[]
        {
            new(Block.TypeEvents, 1, 1, 1, 64 << 20, [0]),
            new(Block.TypeEvents, 1, 1, 20 << 20, 64 << 20, [3, 0]),
            new(Block.TypeEvents, 0, 1, 1, 3, [64, 0x80, 4]),
        })
        {
            Refused([.. start, .. claim.ToBytes()]);
        }

        Block large = new Block(Block.TypeEvents, 0, 1, 1, 64 << 20, new byte[76]) with { Stored = 64 << 20 };
        using TraceReader reader = TraceReader.Open(new MemoryStream([.. start, .. large.ToBytes()]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(0, Samples.ReadAll(reader));
        Assert.True(reader.IsTruncated);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void ABombIsStoppedAtTheSizeItDeclares()
    {
        Block header = Block.Split(Samples.Write([]))[0];
        Block bomb = new Block(Block.TypeEvents, 1, 1, 1, 0, []).Deflated(new byte[100 << 20]) with { Raw = 1000 };
        Assert.True(bomb.Body.Length < 200_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        TraceFormatException error = Refused(Block.Join([header, bomb]));
        Assert.Contains("a block of 1000 bytes", error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    /// <summary>64 KiB of a file become a whole block; what that says is there would take some GiB of memory.</summary>
    [Theory]
    [InlineData("VMAs in an image")]
    [InlineData("anon_vmas in an image")]
    [InlineData("entries of chains in an image")]
    [InlineData("bytes in a text")]
    public void ABlockClaimsNoMoreMemoryThanAnImageMayTake(string words)
    {
        byte[] zeros = new byte[60 << 20];
        byte[] zerosLength = Number(zeros.Length);
        byte[] payload = words switch
        {
            "VMAs in an image" => [0, 0, 0, 0, 0, 0, 0, .. Number(zeros.Length / 7), .. zeros],
            "anon_vmas in an image" => [0, 0, 0, 0, 0, 0, .. Number(zeros.Length / 5), .. zeros],
            "entries of chains in an image" =>
                [0, 0, 0, 0, 0, 0, 0, 1, .. Number(4096), .. Number(4096), 0, 0, 0, 0, .. zerosLength, .. zeros],
            _ => [1, 1, 0, 0, 0, .. zerosLength, .. zeros],
        };
        byte kind = (byte)(words == "bytes in a text" ? TraceEventKind.FileDefined : TraceEventKind.Checkpoint);
        byte[] body = [kind, 0x82, 4, 0, 2, .. Number(payload.Length), .. payload];
        Block header = Block.Split(Samples.Write([]))[0];
        Block block = new Block(Block.TypeEvents, 1, 1, 1, 0, []).Deflated(body);
        Assert.True(block.Body.Length < 100_000);
        byte[] file = Block.Join([header, block]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(words, Refused(file).Message);

        // The block itself, while its buffer doubles.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3L * (64 << 20));
    }

    private static byte[] Number(long value) =>
        value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Number(value >> 7)];

    [Theory]
    [InlineData(64, 1, 0, 0, "sizes")]
    [InlineData(2, 2, 0, 0, "coding")]
    [InlineData(9, 0, 0, 0, "type")]
    [InlineData(2, 0, 5, 3, "sizes")]
    [InlineData(2, 0, -1, 3, "sizes")]
    [InlineData(2, 1, 1, -1, "sizes")]
    [InlineData(2, 1, 1, int.MaxValue, "sizes")]
    public void BlockHeadersThatCannotBeAreRefused(int type, int coding, int events, int raw, string word)
    {
        Block header = Block.Split(Samples.Write([]))[0];
        byte[] body = [1, 0, 0];
        Block bad = new((byte)type, (byte)coding, 1, events, coding == 0 ? 3 : raw, body);
        TraceFormatException error = Refused(Block.Join([header, bad]));
        Assert.Equal(Block.Magic.Length + header.ToBytes().Length, error.Offset);
        Assert.Contains(word, error.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":1,\"source\":null}")]
    [InlineData("{\"version\":1,\"source\":\"x\",\"pageSizeBytes\":65536}")]
    [InlineData("{\"version\":1,\"source\":\"x\",\"maxMapCount\":0}")]
    [InlineData("{\"version\":1,\"source\":\"x\",\"overcommitMode\":7}")]
    [InlineData("{\"version\":2,\"source\":\"x\"}")]
    [InlineData("{\"version\":1,\"source\":\"x\",\"grade\":300}")]
    [InlineData("{\"version\":1,\"source\":\"x\"")]
    [InlineData("\u0001")]
    public void HeadersThatCannotBeAreRefused(string json)
    {
        Block header = Block.Split(Samples.Write([]))[0].With(Encoding.UTF8.GetBytes(json));
        Refused(Block.Join([header]));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0 }, "fill it exactly")]
    [InlineData(new byte[] { 16, 0, 0, 0 }, "an address space in event 1 (Mmap)")]
    [InlineData(new byte[] { 16, 2, 0, 2, 0 }, "fill it exactly")]
    [InlineData(new byte[] { 16, 0x80, 0x08, 0 }, "event masks")]
    [InlineData(new byte[] { 16, 1, 0, 1 }, "ids below 2^31")]
    [InlineData(new byte[] { 16, 4, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 }, "64 bits")]
    [InlineData(new byte[] { 16, 4, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 }, "10 bytes")]
    [InlineData(new byte[] { 1, 0x80, 4, 0, 7, 1, 9, 0, 0, 0, 0, 0 }, "file kinds and modes")]
    [InlineData(new byte[] { 1, 0x80, 4, 0, 6, 1, 0, 0, 0, 0, 50 }, "fill it exactly")]
    [InlineData(new byte[] { 1, 0x80, 4, 0, 9, 0x80, 0x80, 0x80, 0x80, 8, 0, 0, 0, 0 }, "ids below 2^31")]
    [InlineData(new byte[] { 64, 0x80, 4, 0, 9, 0, 0, 0, 0, 0, 0, 0x80, 1, 0 }, "fill it exactly")]
    [InlineData(new byte[] { 64, 0x80, 4, 0, 11, 0, 0, 0, 0, 0, 0, 1, 2, 5, 0, 0 }, "fill it exactly")]
    [InlineData(new byte[] { 64, 0x80, 4, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0x20, 0, 0, 0, 0, 0, 0 }, "whole pages")]
    [InlineData(new byte[] { 64, 0x80, 4, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0x80, 0x20, 0, 0, 0, 0, 0 }, "whole pages")]
    [InlineData(
        new byte[]
        {
            64, 0x80, 4, 0, 22, 0, 0, 0, 0, 0, 0, 0, 1,
            0x80, 0xe0, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x80, 0x20, 0, 0, 0, 0, 0,
        },
        "whole pages")]
    public void EventsThatCannotBeAreRefused(byte[] body, string words)
    {
        Block header = Block.Split(Samples.Write([]))[0];
        Block bad = new(Block.TypeEvents, 0, 1, 1, body.Length, body.Length < 3 ? [.. body, 0x80] : body);
        TraceFormatException error = Refused(Block.Join([header, bad with { Raw = bad.Body.Length }]));
        Assert.Contains(words, error.Message);
    }

    [Fact]
    public void LayoutsAreHeldToMoreThanCheckpoints()
    {
        const ulong Node = 0xffff_8880_0000_1000;
        VmaImage vma = new(4096, 8192, VmaFlags.Read, 1, default, Node, [Node]);
        AnonVmaImage node = new(Node, Node, Node, 1, 1);
        AssertLayout(Accepted, [vma], [node]);
        AssertLayout("a file behind each shared VMA", [vma with { Flags = VmaFlags.Read | VmaFlags.Shared }], [node]);
        AssertLayout("chains of listed", [vma], []);
        AssertLayout("chains of listed", [vma with { Chain = [Node, Node] }], [node]);
        AssertLayout("the VMA's own", [vma with { Chain = [] }], [node]);
        AssertLayout("the VMA's own", [vma with { AnonVma = 0 }], [node]);
        AssertLayout("ids of their own", [vma], [node, node]);
        AssertLayout("count the children", [vma], [node with { ChildCount = -1 }]);
        AssertLayout("count the children", [vma], [node with { ActiveVmaCount = 1L << 31 }]);
        AssertLayout("count the children", [vma, vma with { Start = 8192, End = 12288 }], [node]);
        AnonVmaImage other = node with { Id = 7, Root = 7, Parent = 7, ActiveVmaCount = 0 };
        AssertLayout(Accepted, [vma], [node, other]);
        AssertLayout("of one root", [vma with { Chain = [Node, 7] }], [node, other]);
        AssertLayout("below listed parents", [vma], [node, other with { Root = Node }]);
        AssertLayout("below listed parents", [vma], [node, other with { Parent = Node }]);
        AssertLayout("below listed parents", [vma], [node, other with { Parent = 8 }]);
        AnonVmaImage circle = new(7, Node, 8, 1, 0);
        AssertLayout("below listed parents", [vma], [node, circle, circle with { Id = 8, Parent = 7 }]);
    }

    private const string Accepted = "";

    /// <summary>Both sides refuse it as a layout; as a checkpoint it passes.</summary>
    private static void AssertLayout(string words, VmaImage[] vmas, AnonVmaImage[] nodes)
    {
        MmImage image = new() { Vmas = vmas, AnonVmas = nodes };
        byte[] file = Samples.Write([new TraceEvent { Kind = TraceEventKind.Checkpoint, Mm = 1, Payload = image }]);
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.Equal(1, Samples.ReadAll(reader));

        List<Block> blocks = Block.Split(file);
        byte[] body = blocks[1].Unpacked;
        body[0] = (byte)TraceEventKind.Exec;
        Block trailer = Block.Split(Samples.Write([new TraceEvent { Kind = TraceEventKind.TaskExit }]))[2];
        byte[] layout = Block.Join([blocks[0], blocks[1].With(body), trailer]);
        TraceEvent exec = new() { Kind = TraceEventKind.Exec, Mm = 1, Payload = image };
        if (words == Accepted)
        {
            using TraceReader again = TraceReader.Open(new MemoryStream(layout));
            Assert.True(again.TryRead(out TraceEvent e));
            Assert.True(Samples.Same(exec, e));
            return;
        }

        Assert.Contains(words, Refused(layout).Message);
        Assert.Contains(words, Assert.Throws<ArgumentException>(() => Samples.Write([exec])).Message);
    }

    [Fact]
    public void WhatFollowsTheTrailerIsRefused()
    {
        byte[] file = Samples.Write(RoundTripTests.Generate(new Random(5), 10));
        Assert.Equal(file.Length, Refused([.. file, 0]).Offset);
    }

    private static TraceFormatException Refused(byte[] file) => Assert.Throws<TraceFormatException>(() =>
    {
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Samples.ReadAll(reader);
    });

    private static void AssertRefusedOrRead(byte[] file, string name)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using TraceReader reader = TraceReader.Open(new MemoryStream(file));
            Samples.ReadAll(reader);
        }
        catch (TraceFormatException e)
        {
            Assert.False(e.Message.Contains('\n'), name);
            Assert.InRange(e.Offset, 0, file.Length);
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}: {e}");
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < AllocationMax, name);
    }
}
