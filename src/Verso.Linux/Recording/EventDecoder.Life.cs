using System.Runtime.InteropServices;
using System.Text;
using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Recording;

// Tasks, address spaces, files and checkpoints.
internal sealed unsafe partial class EventDecoder
{
    private const ulong ReuseTag = 3;

    /// <summary>What forks that are not over yet gave the VMAs of the child, by its address space.</summary>
    private readonly Dictionary<uint, List<ForkReuse>> _reuses = [];

    private void HandleLife(byte* record, int lengthBytes)
    {
        ref readonly var head = ref *(RecordHead*)record;
        switch (head.Kind)
        {
            case RecordKind.Fork:
                OnFork(*(FlagsRecord*)record);
                break;
            case RecordKind.Reuses:
                OnReuses(head, new ReadOnlySpan<ulong>(
                    record + sizeof(RecordHead), (lengthBytes - sizeof(RecordHead)) / sizeof(ulong)));
                break;
            case RecordKind.Task:
                OnTask(*(FlagsRecord*)record);
                break;
            case RecordKind.TaskExit:
                OnTaskExit(head);
                break;
            case RecordKind.MmExit:
                _liveMms.Remove((int)head.Mm);
                stacks?.OnMmExit((int)head.Mm);
                sequencer.Add(Event(TraceEventKind.MmExit, head));
                break;
            case RecordKind.DumpBegin:
                OnDumpBegin(*(DumpBeginRecord*)record);
                break;
            case RecordKind.DumpEnd:
                OnDumpEnd(*(DumpEndRecord*)record);
                break;
            case RecordKind.Unfollowed:
                OnUnfollowed((UnfollowedRecord*)record);
                break;
            case RecordKind.Text:
                OnText((TextRecord*)record);
                break;
            case RecordKind.Watched:
                OnWatched(*(WatchRecord*)record);
                break;
            case RecordKind.Size:
                OnSize(*(SizeRecord*)record);
                break;
            case RecordKind.Allocation:
                OnAllocation(*(AllocationRecord*)record);
                break;
            case RecordKind.WatchEnd:
                OnWatchEnd(*(WatchRecord*)record);
                break;
            default:
                Counts.UnknownRecords++;
                break;
        }
    }

    private void OnSize(in SizeRecord record)
    {
        var size = Event(TraceEventKind.Truncate, record.Head);
        size.Arg0 = (ulong)files.Find(record.File).Value;
        size.Arg1 = record.Size;
        sequencer.Add(size);
    }

    private void OnAllocation(in AllocationRecord record)
    {
        var allocation = Event(TraceEventKind.Fallocate, record.Head);
        allocation.Arg0 = (ulong)files.Find(record.File).Value;
        allocation.Arg1 = record.Mode;
        allocation.Arg2 = record.Offset;
        allocation.Arg3 = record.Length;
        sequencer.Add(allocation);
    }

    private void OnUnfollowed(UnfollowedRecord* record)
    {
        var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(record->Name);
        var change = Event(TraceEventKind.NotFollowed, record->Head);
        change.Arg0 = record->Head.A;
        change.Arg1 = record->Number;
        change.Payload = NotFollowedText.Of(
            (NotFollowedCause)record->Head.A, record->Number, Encoding.UTF8.GetString(name));
        Counts.NotFollowed.Add(change);
        sequencer.Add(change);
    }

    // Pairs of a VMA's start and the place in its chain; all ones for a new anon_vma.
    private void OnReuses(in RecordHead head, ReadOnlySpan<ulong> words)
    {
        ref var reuses = ref CollectionsMarshal.GetValueRefOrAddDefault(_reuses, head.C, out _);
        reuses ??= [];
        for (var at = 0; at + 1 < words.Length; at += 2)
        {
            reuses.Add(new ForkReuse(words[at] & ~ReuseTag, (int)words[at + 1]));
        }
    }

    private void OnFork(in FlagsRecord record)
    {
        SettleFault(PlacesOf((int)record.Head.Task));
        _liveMms.Add((int)record.Head.C);
        stacks?.OnFork((int)record.Head.Mm, (int)record.Head.C);
        var fork = Event(TraceEventKind.Fork, record.Head);
        fork.Arg0 = record.Head.C;
        fork.Arg1 = record.Flags;
        if (_reuses.Remove(record.Head.C, out var reuses))
        {
            fork.Payload = new ForkReuses(reuses);
            Counts.RacedForks++;
        }

        sequencer.Add(fork);
    }

    private void OnTask(in FlagsRecord record)
    {
        SettleFault(PlacesOf((int)record.Head.Task));
        var start = Event(TraceEventKind.TaskStart, record.Head);
        start.Arg0 = record.Head.C;
        start.Arg1 = record.Flags;
        PlacesOf((int)record.Head.C).Start = sequencer.Add(start) + 1;
        Counts.Tasks++;
    }

    private void OnTaskExit(in RecordHead head)
    {
        if (_tasks.Remove((int)head.Task, out var places))
        {
            SettleFault(places);
            AbandonCall(places);
        }

        var exit = Event(TraceEventKind.TaskExit, head);
        exit.Arg0 = head.C;
        sequencer.Add(exit);
    }

    private void OnDumpBegin(in DumpBeginRecord record)
    {
        SettleFault(PlacesOf((int)record.Head.Task));
        _dumps.Begin(record);
    }

    private void OnDumpEnd(in DumpEndRecord record)
    {
        var image = _dumps.End(record, out var begin);
        var reason = (DumpReason)begin.Head.A;
        if (reason == DumpReason.Exec)
        {
            _liveMms.Add((int)record.Head.Mm);
        }

        if (image is null)
        {
            Counts.BrokenDumps++;
            if (reason == DumpReason.Exec)
            {
                DeclareLost(1);
            }

            return;
        }

        var kind = reason == DumpReason.Exec ? TraceEventKind.Exec : TraceEventKind.Checkpoint;
        var snapshot = Event(kind, record.Head);
        snapshot.Payload = image;
        if (reason == DumpReason.Exec)
        {
            snapshot.Arg0 = begin.OldMm;
            _announced.UnionWith(image.AnonVmas.Select(node => node.Id));
            stacks?.OnExec((int)record.Head.Mm, image);
        }
        else
        {
            snapshot.Arg0 = (ulong)reason;
            snapshot.Arg1 = record.Head.A;
            Counts.Checkpoints++;
        }

        sequencer.Add(snapshot);
    }

    private void OnFile(in FileRecord record, ReadOnlySpan<byte> names)
    {
        var identity = files.Define(record, names);
        if (identity is null)
        {
            return;
        }

        var definition = Event(TraceEventKind.FileDefined, record.Head);
        definition.Payload = identity;
        stacks?.OnFile(identity);
        sequencer.WriteNow(ref definition);
    }
}
