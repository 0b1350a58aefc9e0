using System.Text.Json;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <remarks>
/// Strategy: random events of every kind, with extreme arguments, are written and read; then the file is cut at every
/// byte and every bit is flipped. Random bytes begin at VERSO_SEED.
/// </remarks>
public sealed class RoundTripTests
{
    [Fact]
    public void EventsComeBackAsTheyWere()
    {
        TraceEvent[] events = [.. Generate(new Random(1), 5000)];
        byte[] file = Samples.Write(events);
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        foreach (TraceEvent expected in events)
        {
            Assert.True(reader.TryRead(out TraceEvent actual));
            Samples.AssertSame(expected, actual);
        }

        Assert.False(reader.TryRead(out _));
        Assert.False(reader.IsTruncated);
        Assert.Equal(events.Length, reader.Trailer!.Events);
    }

    [Fact]
    public void EveryTruncationReadsUpToTheLastWholeBlock()
    {
        byte[] file = Samples.Write([.. Generate(new Random(2), 40)]);
        for (int length = 0; length < file.Length; length++)
        {
            try
            {
                using TraceReader reader = TraceReader.Open(new MemoryStream(file, 0, length));
                long read = Samples.ReadAll(reader);
                Assert.True(reader.IsTruncated);
                Assert.True(read is 0 or 40);
            }
            catch (TraceFormatException e)
            {
                Assert.True(length < 8 + 24 + 400, $"at {length}: {e.Message}");
            }
        }
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        byte[] file = Samples.Write([.. Generate(new Random(3), 30)]);
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] damaged = [.. file];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<TraceFormatException>(() =>
            {
                using TraceReader reader = TraceReader.Open(new MemoryStream(damaged));
                Samples.ReadAll(reader);
            });
        }
    }

    [Fact]
    public void RandomBytesGiveOneLine()
    {
        int seed = RandomSeed.First;
        Random random = new(seed);
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            if (round % 2 == 0)
            {
                "VERSO\r\n\u001a"u8[..Math.Min(8, bytes.Length)].CopyTo(bytes);
            }

            Exception? thrown = Record.Exception(() =>
            {
                using TraceReader reader = TraceReader.Open(new MemoryStream(bytes));
                Samples.ReadAll(reader);
            });
            Assert.True(thrown is TraceFormatException { Message: var m } && !m.Contains('\n'), $"seed {seed}");
        }
    }

    internal static IEnumerable<TraceEvent> Generate(Random random, int count)
    {
        TraceEventKind[] kinds = Enum.GetValues<TraceEventKind>();
        for (int i = 0; i < count; i++)
        {
            TraceEventKind kind = kinds[random.Next(1, kinds.Length)];
            yield return SoundEvents.Of(new TraceEvent
            {
                Kind = kind,
                Time = (ulong)(i * 1000),
                Task = random.Next(1, 5),
                Mm = random.Next(1, 4),
                Result = random.Next(-40, 40),
                Arg0 = (ulong)random.NextInt64(),
                Arg1 = random.Next(2) == 0 ? ulong.MaxValue : 4096,
                Arg5 = (ulong)random.Next(3),
                Payload = Samples.PayloadFor(kind, random),
            });
        }
    }
}

internal static class Samples
{
    public static TraceHeader Header { get; } = new() { Source = "synthetic", Command = "test é", ProtectionKeys = true, NoZeroPage = true };

    public static byte[] Write(IEnumerable<TraceEvent> events)
    {
        MemoryStream stream = new();
        using (TraceWriter writer = new(stream, Header))
        {
            foreach (TraceEvent e in events)
            {
                writer.Write(e);
            }
        }

        return stream.ToArray();
    }

    public static long ReadAll(TraceReader reader)
    {
        long count = 0;
        while (reader.TryRead(out _))
        {
            count++;
        }

        return count;
    }

    public static List<TraceEvent> Read(TraceReader reader)
    {
        List<TraceEvent> events = [];
        while (reader.TryRead(out TraceEvent e))
        {
            events.Add(e);
        }

        return events;
    }

    /// <summary>Payloads are compared by everything that is in them.</summary>
    public static bool Same(in TraceEvent a, in TraceEvent b) =>
        (a.Kind, a.Time, a.Task, a.Mm, a.Result) == (b.Kind, b.Time, b.Task, b.Mm, b.Result)
        && (a.Arg0, a.Arg1, a.Arg2, a.Arg3, a.Arg4, a.Arg5) == (b.Arg0, b.Arg1, b.Arg2, b.Arg3, b.Arg4, b.Arg5)
        && (ReferenceEquals(a.Payload, b.Payload) || Json(a.Payload) == Json(b.Payload));

    public static string Json(object? payload) =>
        payload is null ? "" : JsonSerializer.Serialize(payload, payload.GetType());

    public static object? PayloadFor(TraceEventKind kind, Random random) => kind switch
    {
        TraceEventKind.FileDefined => new FileIdentity(
            new FileId(random.Next(1, 9)), FileKind.Regular, 5, 7, 4096, "/a b/ü", FileModes.Read),
        TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.Checkpoint => Image(random),
        TraceEventKind.NotFollowed => "ioctl 0xc020aa00 of [userfaultfd]",
        TraceEventKind.Fork when random.Next(2) == 0 => new ForkReuses(
            [new ForkReuse(4096, random.Next(-1, 3)), new ForkReuse(1UL << 40, ForkReuse.New)]),
        _ => null,
    };

    public static void AssertSame(in TraceEvent expected, in TraceEvent actual)
    {
        Assert.Equal(
            (expected.Kind, expected.Time, expected.Task, expected.Mm, expected.Result),
            (actual.Kind, actual.Time, actual.Task, actual.Mm, actual.Result));
        Assert.Equal(
            (expected.Arg0, expected.Arg1, expected.Arg2, expected.Arg3, expected.Arg4, expected.Arg5),
            (actual.Arg0, actual.Arg1, actual.Arg2, actual.Arg3, actual.Arg4, actual.Arg5));
        Assert.Equivalent(expected.Payload, actual.Payload, strict: true);
    }

    private static MmImage Image(Random random)
    {
        List<AnonVmaImage> nodes = [];
        for (int i = 1; i <= random.Next(4); i++)
        {
            nodes.Add(new AnonVmaImage(0xffff_8880_0000_0000UL + (ulong)i, 0xffff_8880_0000_0001, 77, i, random.Next(3)));
        }

        List<VmaImage> vmas = [];
        for (int i = 1; i <= random.Next(5); i++)
        {
            ulong[] chain = [.. nodes.Select(node => node.Id)];
            vmas.Add(new VmaImage(
                (ulong)i << 20,
                ((ulong)i << 20) + 8192,
                VmaFlags.Read,
                (ulong)i,
                new FileId(i),
                chain.FirstOrDefault(),
                chain));
        }

        return SoundEvents.Tree(new() { Vmas = vmas, AnonVmas = nodes, Brk = 12345, StackLimitBytes = ulong.MaxValue });
    }
}
