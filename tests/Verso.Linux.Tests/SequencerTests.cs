using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <remarks>
/// Strategy: places are held, released and dropped at random, many events between few holds and few between many; the
/// order of places must come out. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class SequencerTests
{
    [Fact]
    public void NothingOvertakesAPlaceThatIsHeld()
    {
        var sink = new ListSink();
        var sequencer = new Sequencer(sink);
        sequencer.Add(At(1));
        var held = sequencer.Hold(At(2));
        sequencer.Add(At(3));
        sequencer.Drain();
        Assert.Equal([1], sink.Names);
        sequencer.At(held).Result = 9;
        sequencer.Release(held);
        sequencer.Drain();
        Assert.Equal([1, 2, 3], sink.Names);
        Assert.Equal(9, sink.Events[1].Result);
        Assert.Equal(0, sequencer.Waiting);
    }

    [Fact]
    public void TimeNeverStepsBackAndDefinitionsGoFirst()
    {
        var sink = new ListSink();
        var sequencer = new Sequencer(sink);
        sequencer.Add(At(5));
        sequencer.Drain();
        sequencer.Hold(At(7));
        var definition = At(100);
        sequencer.WriteNow(ref definition);
        sequencer.Add(At(6));
        sequencer.Release(1);
        sequencer.Drain();
        Assert.Equal([5, 100, 7, 6], sink.Names);
        Assert.Equal([5UL, 5, 7, 7], sink.Events.Select(e => e.Time));
    }

    [Fact]
    public void AnyMixOfHoldsReleasesAndDropsKeepsTheOrderOfPlaces()
    {
        var seed = RandomSeed.First;
        for (var round = 0; round < 200; round++, seed++)
        {
            var random = new Random(seed);
            var sink = new ListSink();
            var sequencer = new Sequencer(sink);
            var held = new List<(long Place, int Name)>();
            var dropped = new HashSet<int>();
            var count = random.Next(1, 60_000 / (round + 1));
            for (var name = 1; name <= count; name++)
            {
                if (random.Next(3) == 0)
                {
                    held.Add((sequencer.Hold(At(name)), name));
                }
                else
                {
                    sequencer.Add(At(name));
                }

                while (held.Count > 0 && random.Next(4) == 0)
                {
                    Settle(random.Next(held.Count));
                }
            }

            while (held.Count > 0)
            {
                Settle(held.Count - 1);
            }

            sequencer.Drain();
            Assert.True(
                sink.Names.SequenceEqual(Enumerable.Range(1, count).Where(name => !dropped.Contains(name))),
                $"seed {seed}");

            void Settle(int index)
            {
                var (place, name) = held[index];
                held.RemoveAt(index);
                if (random.Next(3) == 0)
                {
                    sequencer.Drop(place);
                    dropped.Add(name);
                }
                else
                {
                    sequencer.Release(place);
                }

                sequencer.Drain();
            }
        }
    }

    private static TraceEvent At(int name) =>
        new() { Kind = TraceEventKind.Fault, Time = (ulong)name, Task = name };

    private sealed class ListSink : ITraceSink
    {
        internal List<TraceEvent> Events { get; } = [];

        internal IEnumerable<int> Names => Events.Select(e => e.Task);

        public void Write(in TraceEvent e) => Events.Add(e);
    }
}
