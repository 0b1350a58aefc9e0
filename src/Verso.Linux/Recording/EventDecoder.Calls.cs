using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Recording;

// System calls: the place, the result that joins it, and what the call populated.
internal sealed unsafe partial class EventDecoder
{
    private const long Interrupted = -4;

    private void OnRanges(in RecordHead head, ReadOnlySpan<ulong> ranges)
    {
        var places = PlacesOf((int)head.Task);
        if (head.B == 0)
        {
            places.Ranges.Clear();
        }

        places.Ranges.AddRange(ranges);
    }

    private void OnCall(in CallRecord record)
    {
        var places = PlacesOf((int)record.Head.Task);
        SettleFault(places);
        AbandonCall(places);
        places.CallArguments = record;
        places.CallEvents = 0;
        TellCaller(record.Head);
        if (CallOf(record.Head) == RecordedCall.ProcessMadvise)
        {
            for (var i = 0; i + 1 < places.Ranges.Count; i += 2)
            {
                var place = sequencer.Hold(AdviceOf(record, places.Ranges[i], places.Ranges[i + 1]));
                places.Call = place + 1 - places.CallEvents++;
            }

            places.Ranges.Clear();
            return;
        }

        if (TryTranslate(record, out var call))
        {
            places.Driver =
                MapsFile(record) ? sequencer.Hold(Event(TraceEventKind.DriverMapping, record.Head)) + 1 : 0;
            places.Call = sequencer.Hold(call) + 1;
            places.CallEvents = 1;
        }
    }

    private void OnResult(in ResultRecord record)
    {
        var places = PlacesOf((int)record.Head.Task);
        SettleFault(places);
        if (places.Call == 0)
        {
            return;
        }

        var first = places.Call - 1;
        places.Call = 0;
        var flags = (ResultFlags)record.Head.B;
        if (CallOf(places.CallArguments.Head) == RecordedCall.ProcessMadvise)
        {
            SpreadResult(places, first, record.Outcome.Result);
            return;
        }

        SettleDriver(places, record.Outcome, flags);
        if (IsUntold(places.CallArguments.Head, record.Outcome))
        {
            sequencer.Drop(first);
            return;
        }

        ref var place = ref sequencer.At(first);
        Join(ref place, record.Outcome);
        var call = place;
        sequencer.Release(first);
        stacks?.OnCall(call);
        EmitPopulation(call, places.CallArguments, record.Outcome, flags, record.Head.Time);
    }

    private void OnCallDone(in CallDoneRecord record)
    {
        var places = PlacesOf((int)record.Call.Head.Task);
        SettleFault(places);
        if (CallOf(record.Call.Head) == RecordedCall.ProcessMadvise)
        {
            OnCall(record.Call);
            if (places.Call != 0)
            {
                SpreadResult(places, places.Call - 1, record.Outcome.Result);
                places.Call = 0;
            }

            return;
        }

        if (!IsUntold(record.Call.Head, record.Outcome) && TryTranslate(record.Call, out var call))
        {
            Join(ref call, record.Outcome);
            TellCaller(record.Call.Head);
            sequencer.Add(call);
            stacks?.OnCall(call);
            EmitPopulation(
                call, record.Call, record.Outcome, (ResultFlags)record.Call.Head.B, record.Call.Head.Time);
        }
    }

    private void TellCaller(in RecordHead head)
    {
        if (stacks is not null)
        {
            var from = Event(TraceEventKind.CalledFrom, head);
            from.Arg0 = (ulong)stacks.Find(head);
            sequencer.Add(from);
        }
    }

    // process_madvise returns how many bytes it has advised, in the order of the ranges. The one that stopped it says
    // why only if it was the first; those after it were never looked at.
    private void SpreadResult(TaskPlaces places, long first, long result)
    {
        var left = Math.Max(result, 0);
        var isOver = false;
        for (var place = first; place < first + places.CallEvents; place++)
        {
            ref var advice = ref sequencer.At(place);
            if (isOver)
            {
                sequencer.Drop(place);
                continue;
            }

            isOver = left < (long)advice.Arg1 || result < 0;
            advice.Result = !isOver ? 0 : Math.Min(result, -1);
            advice.Arg3 = isOver && result >= 0 ? 1UL : 0;
            left -= Math.Min(left, (long)advice.Arg1);
            sequencer.Release(place);
        }
    }

    // The record of the result was lost, or the task died inside the call.
    private void AbandonCall(TaskPlaces places)
    {
        if (places.Call == 0)
        {
            return;
        }

        if (places.Driver != 0)
        {
            sequencer.Drop(places.Driver - 1);
            places.Driver = 0;
        }

        for (var place = places.Call - 1; place < places.Call - 1 + places.CallEvents; place++)
        {
            sequencer.At(place).Result = Interrupted;
            sequencer.Release(place);
        }

        places.Call = 0;
        Counts.AbandonedCalls++;
    }

    // What stands for another call does so where it succeeded.
    private static bool IsUntold(in RecordHead head, in Outcome outcome) =>
        (CallOf(head) == RecordedCall.IoSetup || CallOf(head) == RecordedCall.IoDestroy)
        && SyscallResult.IsError(outcome.Result);

    private static RecordedCall CallOf(in RecordHead head) => new(head.A);

    private void Join(ref TraceEvent call, in Outcome outcome)
    {
        call.Result = outcome.Result;
        var file = (ulong)files.Find(outcome.File).Value;
        switch (call.Kind)
        {
            case TraceEventKind.Mmap:
                call.Arg1 = call.Arg1 == 0 && !SyscallResult.IsError(outcome.Result) ? outcome.VmaLength : call.Arg1;
                call.Arg4 = file;
                break;
            case TraceEventKind.Shmat:
                call.Arg3 = files.SizeOf(outcome.File);
                call.Arg4 = file;
                break;
            case TraceEventKind.UserfaultFill:
                call.Arg5 = outcome.VmaFlags;
                break;
            default:
                break;
        }
    }

    private TraceEvent AdviceOf(in CallRecord record, ulong address, ulong length)
    {
        var advice = Event(TraceEventKind.Madvise, record.Head);
        advice.Arg0 = address;
        advice.Arg1 = length;
        advice.Arg2 = record.Arg3;
        return advice;
    }

    private bool TryTranslate(in CallRecord record, out TraceEvent call)
    {
        call = Event(TraceEventKind.None, record.Head);
        var recorded = CallOf(record.Head);
        if (!recorded.TryFind(out var found))
        {
            return false;
        }

        ReadOnlySpan<ulong> registers = [record.Arg0, record.Arg1, record.Arg2, record.Arg3, record.Arg4, record.Arg5];
        CallArguments.Read(found.Row, found.Call, registers, ref call);
        if (recorded == RecordedCall.Userfault)
        {
            TranslateUserfault(record, ref call);
        }
        else if (recorded == RecordedCall.Prctl)
        {
            call.Payload = TakeText(record.Head);
        }
        else if (recorded == RecordedCall.IoSetup)
        {
            // Its ring is mapped as any file; how long it is the VMA says.
            call.Arg2 = (ulong)(Protection.Read | Protection.Write);
            call.Arg3 = (ulong)MapFlags.Shared;
        }

        return true;
    }

    private string? TakeText(in RecordHead head)
    {
        var places = PlacesOf((int)head.Task);
        var text = places.Text;
        places.Text = null;
        return text;
    }
}
