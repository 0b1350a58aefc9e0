using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Recording;

// userfaultfd: contexts are numbered, since the kernel uses their addresses again; also after address spaces that ended
// with a context that another process had open.
internal sealed unsafe partial class EventDecoder
{
    private readonly Dictionary<(uint Mm, ulong Pointer), ulong> _userfaults = [];
    private ulong _lastUserfault;

    private void TranslateUserfault(in CallRecord record, ref TraceEvent call)
    {
        const ulong Register = 0;
        const ulong Unregister = 1;
        var context = UserfaultOf(record.Head, record.Arg4);
        call.Arg0 = record.Arg0;
        call.Arg1 = record.Arg1;
        call.Arg2 = call.Arg3 = call.Arg4 = call.Arg5 = 0;
        switch (record.Arg5)
        {
            case Register:
                call.Kind = TraceEventKind.UserfaultRegister;
                call.Arg2 = record.Arg2;
                call.Arg3 = context;
                call.Arg4 = record.Arg3;
                break;
            case Unregister:
                call.Kind = TraceEventKind.UserfaultUnregister;
                call.Arg2 = context;
                break;
            default:
                call.Kind = TraceEventKind.UserfaultFill;
                call.Arg2 = record.Arg5;
                call.Arg3 = record.Arg5 == (ulong)UserfaultAction.Move ? record.Arg3 : 0;
                call.Arg4 = context;
                break;
        }
    }

    private void OnWatched(in WatchRecord record)
    {
        var watched = Event(TraceEventKind.UserfaultFork, record.Head);
        watched.Arg0 = record.Address;
        watched.Arg1 = UserfaultOf(record.Head, record.Context);
        sequencer.Add(watched);
    }

    private void OnWatchEnd(in WatchRecord record)
    {
        var release = Event(TraceEventKind.UserfaultRelease, record.Head);
        release.Arg0 = UserfaultOf(record.Head, record.Context);
        sequencer.Add(release);
        _userfaults.Remove((record.Head.Mm, record.Context));
    }

    private ulong UserfaultOf(in RecordHead head, ulong pointer)
    {
        if (!_userfaults.TryGetValue((head.Mm, pointer), out var context))
        {
            context = ++_lastUserfault;
            _userfaults.Add((head.Mm, pointer), context);
        }

        return context;
    }
}
