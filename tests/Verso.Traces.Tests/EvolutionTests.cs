using System.Text;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>What later writers of version 1 may add is skipped.</summary>
public sealed class EvolutionTests
{
    private static readonly FileIdentity File =
        new(new FileId(3), FileKind.Regular, 8 << 20, 99, 4096, "/lib/x", FileModes.Read);

    [Fact]
    public void UnknownKindsAndTheirPayloadsAreSkipped()
    {
        // Kind 200: mm 1 and a payload of three bytes. Then TaskExit of task 2 with mm 1.
        byte[] body = [200, 0x82, 4, 20, 2, 3, 0xff, 0xff, 0xff, 5, 3, 2, 4, 2];
        List<TraceEvent> events = Read(body, 2);
        Assert.Equal((200, 1, 10UL, null), ((int)events[0].Kind, events[0].Mm, events[0].Time, events[0].Payload));
        TraceEvent exit = events[1];
        Assert.Equal((TraceEventKind.TaskExit, 2, 1, 11UL), (exit.Kind, exit.Task, exit.Mm, exit.Time));
    }

    [Fact]
    public void BytesAddedToAPayloadAreSkipped()
    {
        TraceEvent exit = new() { Kind = TraceEventKind.MmExit, Mm = 4 };
        byte[] body = Block.Split(Samples.Write([Define(File), exit]))[1].Unpacked;
        int length = body[4];
        int end = 5 + length;
        byte[] longer = [.. body[..4], (byte)(length + 2), .. body[5..end], 0xee, 0xee, .. body[end..]];
        List<TraceEvent> events = Read(longer, 2);
        Assert.Equal(File, events[0].Payload);
        Assert.Equal(4, events[1].Mm);
    }

    [Fact]
    public void KeysAddedToHeaderAndTrailerAreSkipped()
    {
        List<Block> blocks = Block.Split(Samples.Write([]));
        byte[] file = Block.Join(blocks.Select(block =>
            block.With(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(block.Body).Replace("{", "{\"later\":[{}],")))));
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.Empty(Samples.Read(reader));
        Assert.Equal(Samples.Header, reader.Header);
    }

    [Fact]
    public void AnotherVersionIsNamed()
    {
        MemoryStream stream = new();
        using (new TraceWriter(stream, Samples.Header with { Version = 2 }))
        {
        }

        TraceFormatException error = Assert.Throws<TraceFormatException>(
            () => TraceReader.Open(new MemoryStream(stream.ToArray())));
        Assert.Contains("format version 1, found 2", error.Message);
    }

    [Fact]
    public void WritersRefuseWhatNoReaderCouldRead()
    {
        using TraceWriter writer = new(new MemoryStream(), Samples.Header);
        Assert.Throws<ArgumentException>(() => writer.Write(new() { Kind = TraceEventKind.Mmap, Mm = 1, Payload = File }));
        Assert.Throws<ArgumentException>(() => writer.Write(new() { Kind = TraceEventKind.Exec, Mm = 1, Payload = "" }));
        Assert.Throws<ArgumentException>(() => writer.Write(new() { Kind = TraceEventKind.MmExit, Mm = -1 }));
        Assert.Throws<ArgumentException>(() => writer.Write(Define(File with { Kind = (FileKind)9 })));
        Assert.Throws<ArgumentException>(() => writer.Write(Define(File with { Modes = (FileModes)64 })));
        ForkReuses unsorted = new([new ForkReuse(8192, 1), new ForkReuse(4096, 1)]);
        TraceEvent fork = new() { Kind = TraceEventKind.Fork, Mm = 1, Arg0 = 2, Payload = unsorted };
        Assert.Throws<ArgumentException>(() => writer.Write(fork));
        string path = new('x', 64 << 20);
        Assert.Throws<ArgumentException>(() => writer.Write(Define(File with { Path = path })));
    }

    [Fact]
    public void ALargePayloadGetsABlockOfItsOwn()
    {
        // Ids that the image does not list take 11 bytes each: nearly all of a block.
        TraceEvent small = Checkpoint(1000);
        TraceEvent large = Checkpoint(6_100_000);
        byte[] file = Samples.Write([small, large, small]);
        Assert.Equal([0, 1, 1, 1, 0], Block.Split(file).Select(block => block.Events));
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.Equal([small, large, small], Samples.Read(reader), (a, b) => Samples.Same(a, b));

        static TraceEvent Checkpoint(int links)
        {
            ulong[] chain = [.. Enumerable.Range(1, links).Select(at => ulong.MaxValue - (ulong)at)];
            VmaImage vma = new(4096, 8192, VmaFlags.Read, 1, default, chain[0], chain);
            return new() { Kind = TraceEventKind.Checkpoint, Mm = 1, Payload = new MmImage { Vmas = [vma], AnonVmas = [] } };
        }
    }

    [Fact]
    public void EventsWithoutPayloadAreReadWithoutAllocating()
    {
        byte[] file = Samples.Write(Enumerable.Range(0, 100_000).Select(i => new TraceEvent
        {
            Kind = i % 2 == 0 ? TraceEventKind.Fault : TraceEventKind.Mprotect,
            Time = (ulong)i * 300,
            Task = 1 + (i % 3),
            Mm = 1,
            Arg0 = 0x7f00_0000_0000 + ((ulong)i << 12),
        }));
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.True(reader.TryRead(out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            Assert.True(reader.TryRead(out _));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static TraceEvent Define(FileIdentity file) => new() { Kind = TraceEventKind.FileDefined, Payload = file };

    private static List<TraceEvent> Read(byte[] body, int events)
    {
        Block header = Block.Split(Samples.Write([]))[0];
        Block block = new(Block.TypeEvents, 0, 1, events, body.Length, body);
        using TraceReader reader = TraceReader.Open(new MemoryStream(Block.Join([header, block])));
        return Samples.Read(reader);
    }
}
