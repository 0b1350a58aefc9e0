namespace Verso.Lab.Replay;

/// <summary>
/// The live address spaces of a replay by their ids in the trace. Bounded by what lives, not by what has lived.
/// </summary>
internal sealed class AddressSpaces
{
    private readonly Dictionary<int, Space> _live = [];
    private Space? _last;

    public int Count => _live.Count;

    public IEnumerable<Space> Live => _live.Values;

    /// <summary>The address space with this id, or null.</summary>
    public Space? Find(int traceId)
    {
        if (_last is not null && _last.TraceId == traceId)
        {
            return _last;
        }

        return _live.TryGetValue(traceId, out Space? space) ? _last = space : null;
    }

    public void Add(Space space) => _live.Add(space.TraceId, space);

    public void Remove(Space space)
    {
        _live.Remove(space.TraceId);
        _last = null;
    }
}
