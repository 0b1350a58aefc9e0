using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>What an observer keeps for each address space of a trace: it begins, forks and ends with it.</summary>
/// <param name="begin">Makes it: of the parent's for the child of a fork, of nothing for others.</param>
internal sealed class PerSpace<T>(Func<T?, T> begin)
    where T : class
{
    private readonly Dictionary<int, T> _kept = [];
    private int _lastId;
    private T? _last;

    /// <summary>The kinds of event that it has to be shown.</summary>
    public static IReadOnlyList<TraceEventKind> Kinds { get; } =
        [TraceEventKind.Fork, TraceEventKind.Exec, TraceEventKind.Attach, TraceEventKind.MmExit];

    /// <summary>That of one address space; begun if there is none.</summary>
    public T this[int traceId]
    {
        get => _last is not null && _lastId == traceId ? _last : LookUp(traceId);
        set
        {
            _kept[traceId] = value;
            _last = null;
        }
    }

    /// <summary>An address space begins or ends; other events change nothing.</summary>
    public void Follow(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.Fork:
                this[(int)e.Arg0] = begin(_kept.GetValueOrDefault(e.Mm));
                break;
            case TraceEventKind.Exec or TraceEventKind.Attach or TraceEventKind.MmExit:
                _kept.Remove(e.Mm);
                _last = null;
                break;
        }
    }

    private T LookUp(int traceId)
    {
        _last = _kept.TryGetValue(traceId, out T? kept) ? kept : _kept[traceId] = begin(null);
        _lastId = traceId;
        return _last;
    }
}
