using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>Checkpoints are told by what changed, and come back whole.</summary>
/// <remarks>
/// Strategy: random families change in random places for 600 events; both readers must give the images that were
/// written. The seeds are fixed.
/// </remarks>
public sealed class ImageChangeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FamiliesComeBackFromBothReaders(int seed)
    {
        List<TraceEvent> events = [.. new Family(new Random(seed)).Live(600)];
        byte[] file = Samples.Write(events);
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.Equal(events, Samples.Read(reader), (a, b) => Samples.Same(a, b));
        Assert.Equal(events, SecondReader.Read(file), (a, b) => Samples.Same(a, b));
        Assert.True(file.Length < 60_000, $"{file.Length} bytes: no checkpoint was told by its change");
    }

    [Fact]
    public void ADeepFamilyCostsWhatChanged()
    {
        const int Generations = 1000;
        long half = Samples.Write(Deep(Generations / 2)).Length;
        long whole = Samples.Write(Deep(Generations)).Length;

        // Told whole, the second half takes three times the first.
        Assert.InRange(whole, half, half * 5 / 2);
        Assert.InRange(whole, 0, Generations * 60);
        using TraceReader reader = TraceReader.Open(new MemoryStream(Samples.Write(Deep(Generations))));
        MmImage last = (MmImage)Samples.Read(reader)[^1].Payload!;
        Assert.Equal(Generations, last.Vmas[0].Chain.Count);
        Assert.Equal(Enumerable.Range(1, Generations).Reverse().Select(id => (ulong)id), last.Vmas[0].Chain);
    }

    [Fact]
    public void AChangeOfNothingIsRefused()
    {
        TraceEvent checkpoint = new() { Kind = TraceEventKind.Checkpoint, Mm = 1, Payload = Deep(1)[0].Payload };
        List<Block> blocks = Block.Split(Samples.Write([checkpoint, checkpoint]));
        byte[] body = blocks[1].Unpacked;
        int second = Array.IndexOf(body, (byte)TraceEventKind.CheckpointChange);
        Block lone = blocks[1].With([.. body[second..]]) with { Events = 1 };
        TraceFormatException error = Assert.Throws<TraceFormatException>(() =>
        {
            using TraceReader reader = TraceReader.Open(new MemoryStream(Block.Join([blocks[0], lone, blocks[2]])));
            Samples.ReadAll(reader);
        });
        Assert.Contains("expected an image of each address space before", error.Message);
    }

    [Fact]
    public void WhatWouldTakeTooMuchMemoryIsForgottenByBothSides()
    {
        // Eight chains of 2^18 are the most that is kept.
        const int Links = 1 << 18;
        ulong[] chain = [.. Enumerable.Range(1, Links).Select(id => (ulong)id)];
        AnonVmaImage[] nodes = [.. chain.Select(id => new AnonVmaImage(id, 1, 1, 1, 1))];
        TraceEvent Event(int mm, int vmas) => new()
        {
            Kind = TraceEventKind.Checkpoint,
            Mm = mm,
            Payload = new MmImage
            {
                AnonVmas = nodes,
                Vmas = [.. Enumerable.Range(1, vmas).Select(at => new VmaImage(
                    (ulong)at << 20, ((ulong)at << 20) + 4096, VmaFlags.Read, 0, default, 1, chain))],
            },
        };
        List<TraceEvent> few = [.. Enumerable.Range(1, 4).Select(mm => Event(mm, 1))];
        List<TraceEvent> many = [.. Enumerable.Range(1, 10).Select(mm => Event(mm, 1))];
        Assert.InRange(RawBytes([.. few, Event(1, 2)]) - RawBytes(few), 0, 1000);
        Assert.InRange(RawBytes([.. many, Event(1, 2)]) - RawBytes(many), Links, long.MaxValue);

        List<TraceEvent> events = [.. many, Event(10, 2), Event(1, 2), Event(1, 3)];
        byte[] file = Samples.Write(events);
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Assert.Equal(events, Samples.Read(reader), (a, b) => Samples.Same(a, b));
        Assert.Equal(events, SecondReader.Read(file), (a, b) => Samples.Same(a, b));
    }

    [Fact]
    public void AChangeCannotAskForAnyAmountOfLinks()
    {
        // A few bytes add a VMA that shares a chain of 2^16 links; 16 of them are the most that may be told so.
        ulong[] chain = [.. Enumerable.Range(1, 1 << 16).Select(id => (ulong)id)];
        AnonVmaImage[] nodes = [.. chain.Select(id => new AnonVmaImage(id, 1, 1, 1, 1))];
        TraceEvent Event(int vmas) => new()
        {
            Kind = TraceEventKind.Checkpoint,
            Mm = 1,
            Payload = new MmImage
            {
                AnonVmas = nodes,
                Vmas = [.. Enumerable.Range(1, vmas).Select(at => new VmaImage(
                    (ulong)at << 20, ((ulong)at << 20) + 4096, VmaFlags.Read, 0, default, 1, chain))],
            },
        };
        long one = RawBytes([Event(1)]);
        Assert.InRange(RawBytes([Event(1), Event(16)]) - one, 0, 1000);
        Assert.InRange(RawBytes([Event(1), Event(17)]) - one, 17 << 16, 17 << 20);
    }

    private static long RawBytes(IEnumerable<TraceEvent> events) =>
        Block.Split(Samples.Write(events)).Sum(block => (long)block.Raw);

    /// <summary>Each generation forks the next, whose chain has its parent's and one more.</summary>
    private static List<TraceEvent> Deep(int generations)
    {
        List<TraceEvent> events = [];
        List<ulong> chain = [];
        List<AnonVmaImage> nodes = [];
        for (int mm = 1; mm <= generations; mm++)
        {
            ulong own = (ulong)mm;
            chain.Insert(0, own);
            nodes.Insert(0, new AnonVmaImage(own, 1, Math.Max(own - 1, 1), 1, 1));
            events.Add(new TraceEvent
            {
                Kind = mm == 1 ? TraceEventKind.Exec : TraceEventKind.Checkpoint,
                Mm = mm,
                Payload = new MmImage
                {
                    AnonVmas = [.. nodes],
                    Vmas = [new VmaImage(4096, 8192, VmaFlags.Read, 1, default, own, [.. chain])],
                },
            });
            events.Add(new TraceEvent { Kind = TraceEventKind.Fork, Mm = mm, Arg0 = own + 1 });
        }

        events.RemoveAt(events.Count - 1);
        return events;
    }

    /// <summary>Address spaces that change a little between images, fork and end.</summary>
    private sealed class Family(Random random)
    {
        private readonly Dictionary<int, List<VmaImage>> _live = [];
        private readonly Dictionary<ulong, AnonVmaImage> _nodes = [];
        private int _mms;
        private ulong _ids;

        public IEnumerable<TraceEvent> Live(int events)
        {
            for (int at = 0; at < events; at++)
            {
                if (_live.Count == 0 || random.Next(12) == 0)
                {
                    _live[++_mms] = [.. Enumerable.Range(1, 6).Select(place => Fresh((ulong)place << 20))];
                    yield return Image(TraceEventKind.Exec, _mms);
                    continue;
                }

                int mm = _live.Keys.ElementAt(random.Next(_live.Count));
                switch (random.Next(8))
                {
                    case 0 when _live.Count > 1:
                        _live.Remove(mm);
                        yield return new TraceEvent { Kind = TraceEventKind.MmExit, Mm = mm };
                        break;
                    case 1:
                        _live[++_mms] = [.. _live[mm].Select(Inherited)];
                        yield return new TraceEvent { Kind = TraceEventKind.Fork, Mm = mm, Arg0 = (ulong)_mms };
                        break;
                    default:
                        Change(_live[mm]);
                        yield return Image(TraceEventKind.Checkpoint, mm);
                        break;
                }
            }
        }

        private TraceEvent Image(TraceEventKind kind, int mm) => new()
        {
            Kind = kind,
            Mm = mm,
            Payload = new MmImage
            {
                Vmas = [.. _live[mm]],
                AnonVmas = [.. _live[mm].SelectMany(vma => vma.Chain).Distinct().Select(id => _nodes[id])],
                Brk = (ulong)random.Next(3),
            },
        };

        private void Change(List<VmaImage> vmas)
        {
            int at = random.Next(vmas.Count + 1);
            if (at == vmas.Count)
            {
                vmas.Add(Fresh((vmas.Count == 0 ? 0 : vmas[^1].End) + 4096));
                return;
            }

            VmaImage vma = vmas[at];
            switch (random.Next(5))
            {
                case 0:
                    vmas.RemoveAt(at);
                    break;
                case 1 when vma.End - vma.Start > 4096:
                    vmas[at] = vma with { End = vma.Start + 4096 };
                    vmas.Insert(at + 1, vma with { Start = vma.Start + 4096, Flags = vma.Flags ^ VmaFlags.Write });
                    break;
                case 2:
                    vmas[at] = Inherited(vma);
                    break;
                case 3 when vma.AnonVma != 0:
                    AnonVmaImage node = _nodes[vma.AnonVma];
                    _nodes[node.Id] = node with { ChildCount = random.Next(5), ActiveVmaCount = random.Next(5) };
                    break;
                default:
                    vmas[at] = vma with { Flags = vma.Flags ^ VmaFlags.Read };
                    break;
            }
        }

        private VmaImage Fresh(ulong start) =>
            new(start, start + (4096UL * (ulong)random.Next(1, 5)), VmaFlags.Read, start >> 12, default, 0, []);

        /// <summary>With one more anon_vma at the head of its chain.</summary>
        private VmaImage Inherited(VmaImage vma)
        {
            ulong id = ++_ids;
            _nodes[id] = new AnonVmaImage(id, vma.Chain.Count == 0 ? id : vma.Chain[^1], vma.AnonVma, 1, 1);
            return vma with { AnonVma = id, Chain = [id, .. vma.Chain] };
        }
    }
}
