using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Linux.Interop;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

public sealed unsafe class EventDecoderTests
{
    private readonly List<TraceEvent> _events = [];
    private readonly Sequencer _sequencer;
    private readonly EventDecoder _decoder;
    private ulong _time = 1_000_000;

    public EventDecoderTests()
    {
        _sequencer = new Sequencer(new ListSink(_events));
        _decoder = new EventDecoder(_sequencer, new FileCatalogue());
    }

    [Fact]
    public void ACallTakesTheLocksPlaceAndItsResultLater()
    {
        Call(task: 1, "munmap", 0x1000);
        Call(task: 2, "munmap", 0x2000);
        Result(task: 2, "munmap", -22);
        Assert.Empty(Drained());
        Result(task: 1, "munmap", 0);
        Assert.Equal([(1, 0L), (2, -22L)], Drained().Select(e => (e.Task, e.Result)));
    }

    [Fact]
    public void AFaultMovesToItsPreparation()
    {
        Fault(task: 1, 0x5000, errorCode: 6);
        Call(task: 2, "munmap", 0x2000);
        Result(task: 2, "munmap", 0);
        Prepare(task: 1, PrepareFlags.Allocated | PrepareFlags.OfFault, 0x5000, anonVma: 0x80);
        var events = Drained();
        Assert.Equal([TraceEventKind.Munmap, TraceEventKind.Fault], events.Select(e => e.Kind));
        Assert.Equal((ulong)PrepareOutcome.Allocated, events[1].Arg2);
        Assert.Equal((ulong)TraceAccess.Write, events[1].Arg1);
    }

    [Fact]
    public void AFaultThatNothingFollowsKeepsItsPlace()
    {
        Fault(task: 1, 0x5000, errorCode: 0);
        Call(task: 2, "munmap", 0x2000);
        Result(task: 2, "munmap", 0);
        Assert.Empty(Drained());
        Fault(task: 1, 0x6000, errorCode: 0x14);
        Assert.Equal([TraceEventKind.Fault, TraceEventKind.Munmap], Drained().Select(e => e.Kind));
        _decoder.ReleaseFaults(_time + 10_000_000_000);
        var events = Drained();
        Assert.Equal(3, events.Count);
        Assert.Equal((ulong)(TraceAccess.Read | TraceAccess.Kernel), events[0].Arg1);
        Assert.Equal((ulong)TraceAccess.Execute, events[2].Arg1);
    }

    [Fact]
    public void APreparationOutsideAFaultIsAnEventOfItsOwn()
    {
        Prepare(task: 1, PrepareFlags.Allocated, 0x7000, anonVma: 0x80);
        Prepare(task: 2, PrepareFlags.None, 0x8000, anonVma: 0x80);
        Assert.Equal(
            [(TraceEventKind.Prepare, 0x7000UL, 1UL), (TraceEventKind.Prepare, 0x8000UL, 2UL)],
            Drained().Select(e => (e.Kind, e.Arg0, e.Arg1)));
    }

    [Fact]
    public void AnAnonVmaIsMadeBeforeItIsReused()
    {
        Fault(task: 1, 0x7000, errorCode: 6);
        Prepare(task: 2, PrepareFlags.None, 0x8000, anonVma: 0x80);
        Call(task: 3, "munmap", 0x2000);
        Result(task: 3, "munmap", 0);
        Assert.Empty(Drained());
        Prepare(task: 1, PrepareFlags.Allocated | PrepareFlags.OfFault, 0x7000, anonVma: 0x80);
        Assert.Equal(
            [TraceEventKind.Fault, TraceEventKind.Prepare, TraceEventKind.Munmap], Drained().Select(e => e.Kind));
        Assert.Equal((ulong)PrepareOutcome.Allocated, _events[0].Arg2);
    }

    [Fact]
    public void AnAnonVmaWhoseMakingWasLostHoldsUpNothingForLong()
    {
        Prepare(task: 2, PrepareFlags.None, 0x8000, anonVma: 0x80);
        Assert.Empty(Drained());
        _decoder.ReleaseFaults(_time + 10_000_000_000);
        Assert.Equal([0x8000UL], Drained().Select(e => e.Arg0));
        Prepare(task: 1, PrepareFlags.Allocated, 0x7000, anonVma: 0x80);
        Assert.Equal([0x8000UL, 0x7000], Drained().Select(e => e.Arg0));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 1)]
    public void ARecycledAnonVmaDoesNotTakeThePlaceKeptForItsForerunner(uint firstMm, uint secondMm)
    {
        // The first is of fork's making, which nothing announces; it is freed, and its address is given out again.
        Prepare(task: 1, PrepareFlags.None, 0x8000, anonVma: 0x80, firstMm);
        Send(new FlagsRecord { Head = Head(RecordKind.Task, task: 1) with { C = 2, Mm = secondMm } });
        Prepare(task: 2, PrepareFlags.Allocated, 0x9000, anonVma: 0x80, secondMm);
        _decoder.ReleaseFaults(_time + 10_000_000_000);
        Assert.Equal([(1, 0x8000UL), (1, 2), (2, 0x9000)], Drained().Select(e => (e.Task, e.Arg0)));
    }

    /// <summary>Behind the range that stopped it nothing was looked at; what stopped it is told of the first alone.</summary>
    [Theory]
    [InlineData(3 * 4096L, new[] { 0L, 0L, 0L })]
    [InlineData(4096L, new[] { 0L, -1L })]
    [InlineData((3 * 4096L) - 1, new[] { 0L, 0L, -1L })]
    [InlineData(-3L, new[] { -3L })]
    public void AdviceOnSeveralRangesIsAnEventEach(long returned, long[] results)
    {
        var ranges = stackalloc ulong[9];
        *(RecordHead*)ranges = Head(RecordKind.Ranges, 1) with { C = 3 };
        for (var i = 0; i < 3; i++)
        {
            ranges[3 + (2 * i)] = (ulong)(i + 1) << 20;
            ranges[4 + (2 * i)] = 4096;
        }

        _decoder.Handle((byte*)ranges, 72);
        Call(task: 1, "process_madvise", 0);
        Result(task: 1, "process_madvise", returned);
        var events = Drained();
        Assert.Equal(new[] { 1UL << 20, 2UL << 20, 3UL << 20 }.Take(results.Length), events.Select(e => e.Arg0));
        Assert.Equal(results, events.Select(e => e.Result));
        Assert.Equal(results.Select(each => each == -1 ? 1UL : 0), events.Select(e => e.Arg3));
    }

    [Fact]
    public void ATaskThatDiesInsideACallDoesNotHoldUpTheRest()
    {
        Call(task: 1, "mlock", 0x1000);
        Send(Head(RecordKind.TaskExit, 1));
        Assert.Equal([TraceEventKind.Mlock, TraceEventKind.TaskExit], Drained().Select(e => e.Kind));
        Assert.Equal(1, _decoder.Counts.AbandonedCalls);
    }

    [Fact]
    public void ADumpIsPutTogetherFromItsPieces()
    {
        Dump(vmas: 2, mapCount: 2);
        var checkpoint = Assert.Single(Drained());
        var image = Assert.IsType<Engine.Images.MmImage>(checkpoint.Payload);
        Assert.Equal([0x1000UL, 0x3000], image.Vmas.Select(vma => vma.Start));

        // By number, in the order in which they were first seen.
        Assert.Equal([1UL, 2], image.Vmas[1].Chain);
        Assert.Equal([1UL, 2], image.AnonVmas.Select(node => node.Id));
        Assert.Equal(VmaFlags.Read, image.Vmas[0].Flags);
        Assert.Equal((3L, 2L), (image.AnonVmas[0].ChildCount, image.AnonVmas[0].ActiveVmaCount));
    }

    [Fact]
    public void WhatAForkReusedGoesWithIt()
    {
        var words = stackalloc ulong[7];
        *(RecordHead*)words = Head(RecordKind.Reuses, 1) with { C = 9 };
        words[3] = 0x1000 | 3;
        words[4] = 2;
        words[5] = 0x5000 | 3;
        words[6] = ulong.MaxValue;
        _decoder.Handle((byte*)words, 56);
        Send(new FlagsRecord { Head = Head(RecordKind.Fork, 1) with { C = 8 } });
        Send(new FlagsRecord { Head = Head(RecordKind.Fork, 1) with { C = 9 } });
        var forks = Drained();
        Assert.Null(forks[0].Payload);
        Assert.Equal(
            [new ForkReuse(0x1000, 2), new ForkReuse(0x5000, ForkReuse.New)],
            Assert.IsType<ForkReuses>(forks[1].Payload).Vmas);
        Assert.Equal(1, _decoder.Counts.RacedForks);
    }

    [Fact]
    public void ADumpThatLacksAVmaIsDroppedAndCounted()
    {
        Dump(vmas: 2, mapCount: 3);
        Assert.Empty(Drained());
        Assert.Equal(1, _decoder.Counts.BrokenDumps);
    }

    // Two VMAs, the chain of the second cut between two records.
    private void Dump(uint vmas, uint mapCount)
    {
        Send(new DumpBeginRecord { Head = Head(RecordKind.DumpBegin, 1) with { C = 5 } });
        SendWords(0x1001, 0x2000, 1, 1, 0, 0, 0x3001, 0x4000, 3, 3, 0, 0x8000);
        SendWords(0x8002, 0x9000, 0x9000, 3 | (2UL << 32));
        SendWords(0x9002, 0x9000, 0x9000, 1 | (1UL << 32));
        Send(new DumpEndRecord
        {
            Head = Head(RecordKind.DumpEnd, 1) with { B = 1, C = 5 },
            Vmas = vmas,
            MapCount = mapCount,
        });
    }

    private void SendWords(params ulong[] words)
    {
        var record = stackalloc ulong[words.Length + 3];
        *(RecordHead*)record = Head(RecordKind.DumpData, 1) with { C = 5 };
        words.CopyTo(new Span<ulong>(record + 3, words.Length));
        _decoder.Handle((byte*)record, (words.Length + 3) * 8);
    }

    private void Fault(uint task, ulong address, byte errorCode) =>
        Send(new FaultRecord { Head = Head(RecordKind.Fault, task, errorCode), Address = address });

    private void Prepare(uint task, PrepareFlags flags, ulong start, ulong anonVma, uint mm = 1) =>
        Send(new PrepareRecord
        {
            Head = Head(RecordKind.Prepare, task, (byte)flags) with { Mm = mm },
            Start = start,
            AnonVma = anonVma,
        });

    private void Call(uint task, string call, ulong address) => Send(new CallRecord
    {
        Head = Head(RecordKind.Call, task, RecordedCall.Of(call).Code),
        Arg0 = address,
        Arg1 = 4096,
        Arg2 = 1,
    });

    private void Result(uint task, string call, long result) => Send(new ResultRecord
    {
        Head = Head(RecordKind.Result, task, RecordedCall.Of(call).Code),
        Outcome = new Outcome { Result = result },
    });

    private RecordHead Head(RecordKind kind, uint task, byte a = 0) =>
        new() { Kind = kind, A = a, Task = task, Mm = 1, Time = _time++ };

    private void Send<T>(T record)
        where T : unmanaged => _decoder.Handle((byte*)&record, sizeof(T));

    private List<TraceEvent> Drained()
    {
        _sequencer.Drain();
        return _events;
    }

    private sealed class ListSink(List<TraceEvent> events) : ITraceSink
    {
        public void Write(in TraceEvent e) => events.Add(e);
    }
}
