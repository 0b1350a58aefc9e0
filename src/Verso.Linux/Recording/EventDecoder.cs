using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>
/// Turns the records of the ring into events in their places. Per task it remembers two places: that of a fault which
/// may still take effect later, and that of a call whose result is not known yet.
/// </summary>
/// <param name="sequencer">Gives events their places.</param>
/// <param name="files">Knows files by their pointers.</param>
/// <param name="stacks">Knows where calls come from; null: that is not recorded.</param>
internal sealed unsafe partial class EventDecoder(
    Sequencer sequencer, FileCatalogue files, CallStacks? stacks = null) : RingReader.IHandler
{
    /// <summary>A fault that has not moved after so long stays where it is; nanoseconds.</summary>
    private const ulong FaultPatience = 200_000_000;

    /// <summary>The task of a place that is kept for another task's preparation.</summary>
    private const int Nobody = 0;

    private readonly Dictionary<int, TaskPlaces> _tasks = [];
    private readonly Queue<HeldPlace> _held = new();
    private readonly HashSet<int> _liveMms = [];

    /// <summary>anon_vmas whose making has its place, and places kept for those that were reused before.</summary>
    private readonly HashSet<ulong> _announced = [];
    private readonly Dictionary<ulong, long> _awaited = [];
    private readonly DumpAssembler _dumps = new(files);
    private ulong _start;

    /// <summary>The moment of the newest record; nanoseconds of CLOCK_MONOTONIC.</summary>
    internal ulong Now { get; private set; }

    /// <summary>Address spaces begun and not ended.</summary>
    internal int LiveMms => _liveMms.Count;

    internal RecordingCounts Counts { get; } = new();

    public void Handle(byte* record, int lengthBytes)
    {
        ref readonly var head = ref *(RecordHead*)record;
        if (_start == 0)
        {
            _start = head.Time;
        }

        Now = Math.Max(Now, head.Time);
        Counts.Records++;
        switch (head.Kind)
        {
            case RecordKind.Fault:
                OnFault(*(FaultRecord*)record);
                break;
            case RecordKind.FaultHere:
                OnFaultHere(head);
                break;
            case RecordKind.Prepare:
                var prepare = *(PrepareRecord*)record;
                prepare.AnonVma = _dumps.NumberOf(prepare.AnonVma);
                OnPrepare(prepare);
                break;
            case RecordKind.Grow:
                OnGrow(*(FaultRecord*)record);
                break;
            case RecordKind.Call:
                OnCall(*(CallRecord*)record);
                break;
            case RecordKind.Result:
                OnResult(*(ResultRecord*)record);
                break;
            case RecordKind.CallDone:
                OnCallDone(*(CallDoneRecord*)record);
                break;
            case RecordKind.Ranges:
                OnRanges(head, new ReadOnlySpan<ulong>(record + sizeof(RecordHead), (int)head.C * 2));
                break;
            case RecordKind.File:
                OnFile(*(FileRecord*)record, new ReadOnlySpan<byte>(record + sizeof(FileRecord), (int)head.C));
                break;
            case RecordKind.DumpData:
                _dumps.Add(head, MemoryMarshal.Cast<byte, ulong>(
                    new ReadOnlySpan<byte>(record + sizeof(RecordHead), lengthBytes - sizeof(RecordHead))));
                break;
            default:
                HandleLife(record, lengthBytes);
                break;
        }
    }

    /// <summary>Events were lost before the newest record.</summary>
    internal void DeclareLost(ulong count)
    {
        Counts.Lost += (long)count;
        sequencer.Add(new TraceEvent { Kind = TraceEventKind.Lost, Time = Since(Now), Arg0 = count });
    }

    /// <summary>Lets go of faults that have waited long enough.</summary>
    internal void ReleaseFaults(ulong now)
    {
        while (_held.TryPeek(out var held) && (IsStale(held, now) || !sequencer.IsHeld(held.Place)))
        {
            _held.Dequeue();
            if (!sequencer.IsHeld(held.Place))
            {
                continue;
            }

            if (held.Task == Nobody)
            {
                sequencer.Drop(held.Place);
            }
            else
            {
                sequencer.Release(held.Place);
                PlacesOf(held.Task).Fault = 0;
            }
        }
    }

    /// <summary>No more records will come: whatever waits is let go, calls without a result are lost.</summary>
    internal void Finish()
    {
        ReleaseFaults(ulong.MaxValue);
        foreach (var (_, places) in _tasks)
        {
            AbandonCall(places);
        }

        stacks?.Finish();
        if (_dumps.Open > 0)
        {
            Counts.BrokenDumps += _dumps.Open;
        }
    }

    private void OnFault(in FaultRecord record)
    {
        var places = PlacesOf((int)record.Head.Task);
        SettleFault(places);
        var fault = Event(TraceEventKind.Fault, record.Head);
        fault.Arg0 = record.Address;
        fault.Arg1 = (ulong)AccessOf(record.Head.A);
        HoldFault(places, fault, record.Head);
    }

    // The fault leaves its place and stands here; it may move on.
    private void OnFaultHere(in RecordHead head)
    {
        var places = PlacesOf((int)head.Task);
        if (places.Fault == 0)
        {
            return;
        }

        var fault = sequencer.At(places.Fault - 1);
        fault.Time = Since(head.Time);
        sequencer.Drop(places.Fault - 1);
        HoldFault(places, fault, head);
        Counts.MovedFaults++;
    }

    private void HoldFault(TaskPlaces places, in TraceEvent fault, in RecordHead head)
    {
        var place = sequencer.Hold(fault);
        places.Fault = place + 1;
        _held.Enqueue(new HeldPlace(place, (int)head.Task, head.Time));
    }

    private void OnPrepare(in PrepareRecord record)
    {
        var flags = (PrepareFlags)record.Head.A;
        if ((flags & PrepareFlags.Allocated) != 0)
        {
            Announce(record);
            return;
        }

        // Seen through a neighbour before its maker has let go of the lock: leave a place for the maker.
        if (!_announced.Contains(record.AnonVma) && !_awaited.ContainsKey(record.AnonVma))
        {
            var place = sequencer.Hold(Event(TraceEventKind.Prepare, record.Head));
            _awaited[record.AnonVma] = place + 1;
            _held.Enqueue(new HeldPlace(place, Nobody, record.Head.Time));
            Counts.AwaitedPreparations++;
        }

        PlacePreparation(record, PrepareOutcome.Reused, 0);
    }

    private void Announce(in PrepareRecord record)
    {
        _announced.Add(record.AnonVma);
        _awaited.Remove(record.AnonVma, out var place);
        PlacePreparation(record, PrepareOutcome.Allocated, place);
    }

    // At the end of the queue, or in a place that was kept for it.
    private void PlacePreparation(in PrepareRecord record, PrepareOutcome outcome, long kept)
    {
        var places = PlacesOf((int)record.Head.Task);
        var ofFault = ((PrepareFlags)record.Head.A & PrepareFlags.OfFault) != 0 && places.Fault != 0;
        TraceEvent prepare;
        if (ofFault)
        {
            prepare = sequencer.At(places.Fault - 1);
            prepare.Time = Since(record.Head.Time);
            prepare.Arg2 = (ulong)outcome;
            sequencer.Drop(places.Fault - 1);
            places.Fault = 0;
            Counts.MovedFaults++;
        }
        else
        {
            prepare = Event(TraceEventKind.Prepare, record.Head);
            prepare.Arg0 = record.Start;
            prepare.Arg1 = (ulong)outcome;
            prepare.Arg2 = (ulong)ReasonOf(record);
        }

        if (kept == 0 || !sequencer.IsHeld(kept - 1))
        {
            sequencer.Add(prepare);
        }
        else if (sequencer.At(kept - 1).Mm == prepare.Mm && kept > places.Start)
        {
            sequencer.At(kept - 1) = prepare;
            sequencer.Release(kept - 1);
        }
        else
        {
            // Kept for the maker of an anon_vma that fork made, which nothing announces; it was since freed.
            sequencer.Drop(kept - 1);
            sequencer.Add(prepare);
        }
    }

    private static PrepareReason ReasonOf(in PrepareRecord record) =>
        ((PrepareFlags)record.Head.A & PrepareFlags.ForGuards) != 0 ? PrepareReason.Guards : PrepareReason.Unknown;

    private void OnGrow(in FaultRecord record)
    {
        var grow = Event(TraceEventKind.StackGrow, record.Head);
        grow.Arg0 = record.Address;
        sequencer.Add(grow);
    }

    // The task has gone on to something else: its fault took effect where it began.
    private void SettleFault(TaskPlaces places)
    {
        if (places.Fault != 0)
        {
            sequencer.Release(places.Fault - 1);
            places.Fault = 0;
        }
    }

    private TaskPlaces PlacesOf(int task)
    {
        ref var places = ref CollectionsMarshal.GetValueRefOrAddDefault(_tasks, task, out _);
        return places ??= new TaskPlaces();
    }

    private TraceEvent Event(TraceEventKind kind, in RecordHead head) => new()
    {
        Kind = kind,
        Task = (int)head.Task,
        Mm = (int)head.Mm,
        Time = Since(head.Time),
    };

    private ulong Since(ulong time) => time - Math.Min(time, _start);

    // Bits of the error code: 1 write, 2 from user mode, 4 instruction fetch.
    private static TraceAccess AccessOf(byte errorCode)
    {
        var access = (errorCode & 2) != 0 ? TraceAccess.Write : TraceAccess.Read;
        access |= (errorCode & 16) != 0 ? TraceAccess.Execute : 0;
        return access | ((errorCode & 4) == 0 ? TraceAccess.Kernel : 0);
    }

    private static bool IsStale(HeldPlace held, ulong now) => now - Math.Min(now, held.Time) > FaultPatience;

    private readonly record struct HeldPlace(long Place, int Task, ulong Time);

    /// <summary>Places are stored plus one; 0 is none. No event of the task may stand before Start.</summary>
    private sealed class TaskPlaces
    {
        internal long Start;
        internal long Fault;
        internal long Call;
        internal long Driver;
        internal int CallEvents;
        internal CallRecord CallArguments;
        internal string? Text;

        internal List<ulong> Ranges { get; } = [];
    }
}
