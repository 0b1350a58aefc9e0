using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>
/// A queue of places. An event gets its place when the kernel says so, and may leave only when it is complete: a call
/// waits for its result, a fault until it is known whether it takes effect later.
/// <code>
///   first                                    next
///     | ready | gone | waiting | ready | ready |
///       ^ leaves now     ^ all behind it wait
/// </code>
/// </summary>
internal sealed class Sequencer(ITraceSink sink)
{
    private TraceEvent[] _events = new TraceEvent[1 << 14];
    private State[] _states = new State[1 << 14];
    private long _first;
    private long _next;
    private ulong _lastTime;

    private enum State : byte
    {
        Waiting,
        Ready,
        Gone,
    }

    /// <summary>Events written so far.</summary>
    internal long Written { get; private set; }

    /// <summary>Places taken and not yet left.</summary>
    internal long Waiting => _next - _first;

    /// <summary>The oldest place, if any.</summary>
    internal long First => _first;

    /// <summary>An event that is complete; its place.</summary>
    internal long Add(in TraceEvent traceEvent) => Take(traceEvent, State.Ready);

    /// <summary>An event that is not complete; its place.</summary>
    internal long Hold(in TraceEvent traceEvent) => Take(traceEvent, State.Waiting);

    /// <summary>The event at a place that is held.</summary>
    internal ref TraceEvent At(long place)
    {
        Invariant.Require(place >= _first && place < _next, "a place is asked for while it is in the queue");
        return ref _events[place & (_events.Length - 1)];
    }

    /// <summary>The event at this place is complete.</summary>
    internal void Release(long place) => _states[Index(place)] = State.Ready;

    /// <summary>There is no event at this place after all.</summary>
    internal void Drop(long place) => _states[Index(place)] = State.Gone;

    internal bool IsHeld(long place) => place >= _first && place < _next && _states[Index(place)] == State.Waiting;

    /// <summary>Lets everything leave that can.</summary>
    internal void Drain()
    {
        while (_first < _next)
        {
            var index = Index(_first);
            if (_states[index] == State.Waiting)
            {
                return;
            }

            if (_states[index] == State.Ready)
            {
                Leave(ref _events[index]);
            }

            _events[index].Payload = null;
            _first++;
        }
    }

    /// <summary>Writes an event before all that wait: a definition that they may use.</summary>
    internal void WriteNow(ref TraceEvent traceEvent)
    {
        traceEvent.Time = _lastTime;
        Leave(ref traceEvent);
    }

    // Clocks of two processors and moved events may step back a little; a trace's time does not.
    private void Leave(ref TraceEvent traceEvent)
    {
        if (traceEvent.Time < _lastTime)
        {
            traceEvent.Time = _lastTime;
        }

        _lastTime = traceEvent.Time;
        Written++;
        sink.Write(traceEvent);
    }

    private long Take(in TraceEvent traceEvent, State state)
    {
        if (_next - _first == _events.Length)
        {
            Grow();
        }

        var index = Index(_next);
        _events[index] = traceEvent;
        _states[index] = state;
        return _next++;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow()
    {
        var events = new TraceEvent[_events.Length * 2];
        var states = new State[_states.Length * 2];
        for (var place = _first; place < _next; place++)
        {
            events[place & (events.Length - 1)] = _events[Index(place)];
            states[place & (states.Length - 1)] = _states[Index(place)];
        }

        _events = events;
        _states = states;
    }

    private int Index(long place) => (int)(place & (_events.Length - 1));
}
