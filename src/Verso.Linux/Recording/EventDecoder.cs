using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>
/// Turns the records of the ring into events in their places. Per task it remembers two places: that of a fault which
/// may still take effect later, and that of a call whose result is not known yet.
/// </summary>
internal sealed unsafe partial class EventDecoder(Sequencer sequencer, FileCatalogue files) : RingReader.IHandler
{
    /// <summary>A fault that has not moved after so long stays where it began; nanoseconds.</summary>
    private const ulong FaultPatience = 200_000_000;

    private readonly Dictionary<int, TaskPlaces> _tasks = [];
    private readonly Queue<HeldFault> _heldFaults = new();
    private readonly HashSet<int> _liveMms = [];
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
                OnPrepare(*(PrepareRecord*)record);
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
                HandleLife(record);
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
        while (_heldFaults.TryPeek(out var held) && (held.Time + FaultPatience < now || !sequencer.IsHeld(held.Place)))
        {
            _heldFaults.Dequeue();
            if (sequencer.IsHeld(held.Place))
            {
                sequencer.Release(held.Place);
                PlacesOf(held.Task).Fault = 0;
            }
        }
    }

    /// <summary>No more records will come: whatever waits is let go, calls without a result are lost.</summary>
    internal void Finish()
    {
        ReleaseFaults(ulong.MaxValue - FaultPatience - 1);
        foreach (var (_, places) in _tasks)
        {
            AbandonCall(places);
        }

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
    private bool MoveFault(in RecordHead head, PrepareOutcome outcome)
    {
        var places = PlacesOf((int)head.Task);
        if (places.Fault == 0)
        {
            return false;
        }

        var place = places.Fault - 1;
        var fault = sequencer.At(place);
        fault.Time = Since(head.Time);
        fault.Arg2 = (ulong)outcome;
        sequencer.Drop(place);
        HoldFault(places, fault, head);
        Counts.MovedFaults++;
        return true;
    }

    private void HoldFault(TaskPlaces places, in TraceEvent fault, in RecordHead head)
    {
        var place = sequencer.Hold(fault);
        places.Fault = place + 1;
        _heldFaults.Enqueue(new HeldFault(place, (int)head.Task, head.Time));
    }

    private void OnFaultHere(in RecordHead head) => MoveFault(head, PrepareOutcome.Derive);

    private void OnPrepare(in PrepareRecord record)
    {
        var flags = (PrepareFlags)record.Head.A;
        var outcome = (flags & PrepareFlags.Allocated) != 0 ? PrepareOutcome.Allocated : PrepareOutcome.Reused;
        if ((flags & PrepareFlags.OfFault) != 0 && MoveFault(record.Head, outcome))
        {
            SettleFault(PlacesOf((int)record.Head.Task));
            return;
        }

        var prepare = Event(TraceEventKind.Prepare, record.Head);
        prepare.Arg0 = record.Start;
        prepare.Arg1 = (ulong)outcome;
        sequencer.Add(prepare);
    }

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

    private readonly record struct HeldFault(long Place, int Task, ulong Time);

    /// <summary>Places are stored plus one; 0 is none.</summary>
    private sealed class TaskPlaces
    {
        internal long Fault;
        internal long Call;
        internal int CallEvents;
        internal CallRecord CallArguments;

        internal List<ulong> Ranges { get; } = [];
    }
}
