using Verso.Engine;
using Verso.Traces;

namespace Verso.Linux.Recording;

// System calls: the place, the result that joins it, and what the call populated.
internal sealed unsafe partial class EventDecoder
{
    private const long Interrupted = -4;
    private const long MaxErrno = 4095;

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
        if ((CallKind)record.Head.A == CallKind.ProcessMadvise)
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
        if ((CallKind)places.CallArguments.Head.A == CallKind.ProcessMadvise)
        {
            SpreadResult(places, first, record.Outcome.Result);
            return;
        }

        SettleDriver(places, record.Outcome, flags);
        if (IsUntold((CallKind)places.CallArguments.Head.A, record.Outcome))
        {
            sequencer.Drop(first);
            return;
        }

        ref var call = ref sequencer.At(first);
        Join(ref call, record.Outcome);
        sequencer.Release(first);
        EmitPopulation(places.CallArguments, record.Outcome, flags, record.Head.Time);
    }

    private void OnCallDone(in CallDoneRecord record)
    {
        var places = PlacesOf((int)record.Call.Head.Task);
        SettleFault(places);
        if ((CallKind)record.Call.Head.A == CallKind.ProcessMadvise)
        {
            OnCall(record.Call);
            if (places.Call != 0)
            {
                SpreadResult(places, places.Call - 1, record.Outcome.Result);
                places.Call = 0;
            }

            return;
        }

        if (!IsUntold((CallKind)record.Call.Head.A, record.Outcome) && TryTranslate(record.Call, out var call))
        {
            Join(ref call, record.Outcome);
            sequencer.Add(call);
            EmitPopulation(
                record.Call, record.Outcome, (ResultFlags)record.Call.Head.B, record.Call.Head.Time);
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
    private static bool IsUntold(CallKind kind, in Outcome outcome) =>
        kind is CallKind.IoSetup or CallKind.IoDestroy && IsError(outcome.Result);

    private void Join(ref TraceEvent call, in Outcome outcome)
    {
        call.Result = outcome.Result;
        var file = (ulong)files.Find(outcome.File).Value;
        switch (call.Kind)
        {
            case TraceEventKind.Mmap:
                call.Arg1 = call.Arg1 == 0 && !IsError(outcome.Result) ? outcome.VmaLength : call.Arg1;
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

    // The arguments by TraceEventKind's table.
    private bool TryTranslate(in CallRecord record, out TraceEvent call)
    {
        call = Event(TraceEventKind.None, record.Head);
        call.Arg0 = record.Arg0;
        call.Arg1 = record.Arg1;
        call.Arg2 = record.Arg2;
        call.Arg3 = record.Arg3;
        call.Arg4 = record.Arg4;
        call.Arg5 = record.Arg5;
        switch ((CallKind)record.Head.A)
        {
            case CallKind.Mmap:
                call.Kind = TraceEventKind.Mmap;
                call.Arg4 = 0;
                break;
            case CallKind.Munmap:
                call.Kind = Keep(ref call, 2, TraceEventKind.Munmap);
                break;
            case CallKind.Mprotect:
                call.Kind = Keep(ref call, 3, TraceEventKind.Mprotect);
                call.Arg3 = ulong.MaxValue;
                break;
            case CallKind.PkeyMprotect:
                call.Kind = Keep(ref call, 4, TraceEventKind.Mprotect);
                call.Arg3 = (ulong)(int)record.Arg3;
                break;
            case CallKind.Mremap:
                call.Kind = Keep(ref call, 5, TraceEventKind.Mremap);
                break;
            case CallKind.Madvise:
                call.Kind = Keep(ref call, 3, TraceEventKind.Madvise);
                break;
            case CallKind.Brk:
                call.Kind = Keep(ref call, 1, TraceEventKind.Brk);
                break;
            case CallKind.Mlock:
                call.Kind = Keep(ref call, 2, TraceEventKind.Mlock);
                break;
            case CallKind.Mlock2:
                call.Kind = Keep(ref call, 3, TraceEventKind.Mlock);
                break;
            case CallKind.Munlock:
                call.Kind = Keep(ref call, 2, TraceEventKind.Munlock);
                break;
            default:
                return TryTranslateRare(record, ref call);
        }

        return true;
    }

    private bool TryTranslateRare(in CallRecord record, ref TraceEvent call)
    {
        switch ((CallKind)record.Head.A)
        {
            case CallKind.Mlockall:
                call.Kind = Keep(ref call, 1, TraceEventKind.Mlockall);
                break;
            case CallKind.Munlockall:
                call.Kind = Keep(ref call, 0, TraceEventKind.Munlockall);
                break;
            case CallKind.Shmat:
                call.Kind = Keep(ref call, 3, TraceEventKind.Shmat);
                break;
            case CallKind.Shmdt:
                call.Kind = Keep(ref call, 1, TraceEventKind.Shmdt);
                break;
            case CallKind.Mseal:
                call.Kind = Keep(ref call, 3, TraceEventKind.Mseal);
                break;
            case CallKind.Prctl:
                call.Kind = Keep(ref call, 5, TraceEventKind.Prctl);
                call.Payload = TakeText(record.Head);
                break;
            case CallKind.Mbind:
                call.Kind = Keep(ref call, 4, TraceEventKind.Mbind);
                call.Arg4 = record.Arg5;
                break;
            case CallKind.PkeyAlloc:
                call.Kind = Keep(ref call, 2, TraceEventKind.PkeyAlloc);
                break;
            case CallKind.PkeyFree:
                call.Kind = Keep(ref call, 1, TraceEventKind.PkeyFree);
                break;
            case CallKind.Userfault:
                TranslateUserfault(record, ref call);
                break;
            case CallKind.StackLimit:
                call.Kind = Keep(ref call, 1, TraceEventKind.StackLimit);
                break;
            case CallKind.Personality:
                call.Kind = Keep(ref call, 1, TraceEventKind.Personality);
                break;
            case CallKind.RemapFilePages:
                call.Kind = Keep(ref call, 5, TraceEventKind.RemapFilePages);
                break;
            case CallKind.IoSetup:
                // Its ring is mapped as any file; how long it is the VMA says.
                call.Kind = Keep(ref call, 0, TraceEventKind.Mmap);
                call.Arg2 = (ulong)(Protection.Read | Protection.Write);
                call.Arg3 = (ulong)MapFlags.Shared;
                break;
            case CallKind.IoDestroy:
                call.Kind = Keep(ref call, 2, TraceEventKind.Munmap);
                break;
            default:
                return false;
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

    // What lies in the registers beyond a call's own arguments is noise.
    private static TraceEventKind Keep(ref TraceEvent call, int arguments, TraceEventKind kind)
    {
        call.Arg0 = arguments > 0 ? call.Arg0 : 0;
        call.Arg1 = arguments > 1 ? call.Arg1 : 0;
        call.Arg2 = arguments > 2 ? call.Arg2 : 0;
        call.Arg3 = arguments > 3 ? call.Arg3 : 0;
        call.Arg4 = arguments > 4 ? call.Arg4 : 0;
        call.Arg5 = 0;
        return kind;
    }

    private static bool IsError(long result) => result is < 0 and >= -MaxErrno;
}
