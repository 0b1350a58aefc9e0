using Verso.Lab.Fidelity;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>The last events that may have changed the VMAs of one address space: a ring, copied by fork.</summary>
internal sealed class EventHistory
{
    private const int Capacity = 4096;

    private readonly List<NumberedEvent> _events = [];
    private int _next;

    /// <summary>An empty history, or, for the child of a fork, one that begins with its parent's.</summary>
    public EventHistory(EventHistory? parent = null)
    {
        if (parent is not null)
        {
            _events.AddRange(parent._events);
            _next = parent._next;
        }
    }

    public void Add(long number, in TraceEvent e)
    {
        NumberedEvent entry = new(number, e);
        entry = entry with { Event = entry.Event with { Payload = null } };
        if (_events.Count < Capacity)
        {
            _events.Add(entry);
            return;
        }

        _events[_next] = entry;
        _next = (_next + 1) % Capacity;
    }

    /// <summary>
    /// The last <paramref name="count"/> events that touched [start, end) or bordered on it, oldest first.
    /// </summary>
    public IReadOnlyList<NumberedEvent> Touching(ulong start, ulong end, int count)
    {
        List<NumberedEvent> found = [];
        for (int back = 1; back <= _events.Count && found.Count < count; back++)
        {
            NumberedEvent entry = _events[(_next + _events.Count - back) % _events.Count];
            if (EventRanges.Touches(entry.Event, start, end))
            {
                found.Add(entry);
            }
        }

        found.Reverse();
        return found;
    }
}
