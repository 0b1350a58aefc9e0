using FsCheck;
using FsCheck.Fluent;

namespace Verso.Traces.Tests;

/// <summary>What holds for any events. FsCheck prints the seed and a shrunk case.</summary>
/// <remarks>
/// Strategy: lists of any events, of FsCheck's generators, are written and read by the reader and by one written from
/// the document.
/// </remarks>
public sealed class FormatPropertyTests
{
    private const int Cases = 300;

    [Fact]
    public void AnyEventsComeBack() => Holds(list =>
    {
        using TraceReader reader = TraceReader.Open(new MemoryStream(Samples.Write(list.Events)));
        return SameAs(list.Events, Samples.Read(reader)) && !reader.IsTruncated;
    });

    [Fact]
    public void AReaderWrittenFromTheDocumentReadsThem() => Holds(list =>
        SameAs(list.Events, SecondReader.Read(Samples.Write(list.Events))));

    [Fact]
    public void EventsComeBackAcrossBlocksAndThroughAPipe() => Holds(list =>
    {
        TraceEvent[] many = Repeat(list, 20_000);
        byte[] file = Samples.Write(many);
        using TraceReader reader = TraceReader.Open(new Dribble(file));
        return SameAs(many, Samples.Read(reader));
    }, 12);

    [Fact]
    public void WhateverIsCutOffTheRestIsAPrefix() => Holds(list =>
    {
        TraceEvent[] many = Repeat(list, 30_000);
        byte[] file = Samples.Write(many);
        Random random = new(file.Length);
        int header = Block.HeaderBytes + Block.Magic.Length + Block.Split(file)[0].Body.Length;
        using TraceReader reader = TraceReader.Open(new MemoryStream(file, 0, random.Next(header, file.Length)));
        List<TraceEvent> read = Samples.Read(reader);
        return reader.IsTruncated && reader.Grade.HasFlag(TraceGrade.Truncated) && reader.Trailer is null
            && SameAs(many.AsSpan(0, read.Count), read);
    }, 12);

    private static bool SameAs(ReadOnlySpan<TraceEvent> expected, List<TraceEvent> actual)
    {
        if (expected.Length != actual.Count)
        {
            return false;
        }

        for (int at = 0; at < expected.Length; at++)
        {
            if (!Samples.Same(expected[at], actual[at]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>So many events that they take several blocks.</summary>
    private static TraceEvent[] Repeat(EventList list, int events) =>
        [.. Enumerable.Repeat(list.Events, 1 + (events / (list.Events.Length + 1))).SelectMany(e => e)];

    private static void Holds(Func<EventList, bool> property, int cases = Cases) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true),
        Prop.ForAll(EventGenerators.Lists, property));

    /// <summary>A pipe: cannot be sought, and gives as little as it likes.</summary>
    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly Random _random = new(1);

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, Math.Min(count, _random.Next(1, 9000)));
    }
}
