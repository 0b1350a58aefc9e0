using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Lab.Replay;

// Tasks, address spaces and files.
internal sealed partial class TraceStage
{
    private const ulong CloneThread = 0x00010000;

    private void ApplyLife(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.FileDefined:
                if (e.Payload is FileIdentity identity)
                {
                    _files.Define(identity);
                }

                break;
            case TraceEventKind.TaskStart:
                bool isThread = (e.Arg1 & CloneThread) != 0;
                _tally.Threads += isThread ? 1 : 0;
                _tally.Processes += isThread ? 0 : 1;
                break;
            case TraceEventKind.Fork:
                OnFork(e);
                break;
            case TraceEventKind.Exec:
            case TraceEventKind.Attach:
                OnBegin(e);
                break;
            case TraceEventKind.MmExit:
                OnMmExit(e);
                break;
            case TraceEventKind.Lost:
                _tally.Lost += (long)e.Arg0;
                break;
            case TraceEventKind.NotFollowed:
                _tally.NotFollowed.Add(e);
                break;
            case TraceEventKind.TaskExit:
                break;
            default:
                _tally.UnknownKinds++;
                break;
        }
    }

    private void OnFork(in TraceEvent e)
    {
        Space parent = SpaceOf(e.Mm);
        int childId = (int)e.Arg0;
        Forget(childId);
        ReadOnlySpan<ForkReuse> logged = e.Payload is ForkReuses reuses ? reuses.Vmas.AsSpan() : [];
        if (_machine.Fork(parent.Mm, logged, out MmId child).Errno != Errno.None)
        {
            _tally.OutOfMemory++;
            return;
        }

        _spaces.Add(new Space(childId, child, parent.IsAssumed));
    }

    /// <summary>A layout that exec built, or that was there when recording began.</summary>
    private void OnBegin(in TraceEvent e)
    {
        Forget(e.Mm);
        _tally.Processes += e.Kind == TraceEventKind.Attach || _tally.Processes == 0 ? 1 : 0;
        if (e.Payload is not MmImage image)
        {
            Assume(e.Mm);
            return;
        }

        if (_machine.CreateMm(_files.Translate(image), out MmId mm).Errno != Errno.None)
        {
            _tally.OutOfMemory++;
            return;
        }

        _spaces.Add(new Space(e.Mm, mm, IsAssumed: false));
    }

    private void OnMmExit(in TraceEvent e)
    {
        Space? space = _spaces.Find(e.Mm);
        if (space is null)
        {
            _tally.UnknownSpaces++;
            return;
        }

        _machine.ReleaseMm(space.Mm);
        _spaces.Remove(space);
    }

    /// <summary>The address space with this id; one that the trace never began is begun empty.</summary>
    private Space SpaceOf(int traceId) => _spaces.Find(traceId) ?? Assume(traceId);

    private Space Assume(int traceId)
    {
        Errno errno = _machine.CreateMm(out MmId mm).Errno;
        Invariant.Require(errno == Errno.None);
        _tally.SpacesAssumed++;
        Space space = new(traceId, mm, IsAssumed: true);
        _spaces.Add(space);
        return space;
    }

    /// <summary>An id that begins again: its end was lost.</summary>
    private void Forget(int traceId)
    {
        if (_spaces.Find(traceId) is Space old)
        {
            _tally.UnknownSpaces++;
            _machine.ReleaseMm(old.Mm);
            _spaces.Remove(old);
        }
    }
}
