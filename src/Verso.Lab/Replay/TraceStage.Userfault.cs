using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

// userfaultfd: contexts have numbers in the trace, as files have.
internal sealed partial class TraceStage
{
    private readonly Dictionary<ulong, int> _contexts = [];

    /// <summary>The machine's context for one of the trace. What it asked for is known once it watches.</summary>
    private int ContextOf(ulong traceId, ulong features = 0)
    {
        if (!_contexts.TryGetValue(traceId, out int context))
        {
            context = _machine.World.Userfaults.Open((UserfaultFeatures)(uint)features);
            _contexts.Add(traceId, context);
        }

        return context;
    }

    /// <summary>What the machine has made for the child gets its name.</summary>
    private void OnUserfaultFork(in TraceEvent e)
    {
        VmaId id = _machine.World.Mms[SpaceOf(e.Mm).Mm].Vmas.Lookup(e.Arg0);
        int watching = id.IsNone ? 0 : _machine.World.Vmas[id].UserfaultContext;
        if (watching > 0)
        {
            _contexts[e.Arg1] = watching;
        }
    }

    /// <summary>What was filled is filled, however the ioctl ended: EAGAIN says that there was more to do.</summary>
    private void OnUserfaultFill(in TraceEvent e)
    {
        if (e.Arg5 == 0)
        {
            if (e.IsRefused)
            {
                _calls.Refuse(e.Errno);
            }

            return;
        }

        MmId mm = SpaceOf(e.Mm).Mm;
        UserfaultFill fill = new((UserfaultAction)(int)e.Arg2, ContextOf(e.Arg4), e.Arg0, e.Arg5, e.Arg3);
        _tally.PopulationsCutShort += _machine.FillUserfault(mm, fill).Errno == Errno.None ? 0 : 1;
    }

    private void OnUserfaultRelease(in TraceEvent e)
    {
        if (_contexts.Remove(e.Arg0, out int context))
        {
            _machine.ReleaseUserfault(SpaceOf(e.Mm).Mm, context);
        }
    }
}
