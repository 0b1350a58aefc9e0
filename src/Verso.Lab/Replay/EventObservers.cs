using System.Diagnostics;
using System.Runtime.CompilerServices;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Shows each event to those who asked for its kind, in their order, and counts events by kind.</summary>
internal sealed class EventObservers : Observer<TraceEvent, EventOutcome>
{
    private readonly Row[] _rows = new Row[256];

    public EventObservers(IEnumerable<EventObserver> observers)
    {
        EventObserver[] all = [.. observers];
        for (int kind = 0; kind < _rows.Length; kind++)
        {
            _rows[kind].Observers = Array.FindAll(
                all, each => each.Kinds.Count == 0 || each.Kinds.Contains((TraceEventKind)kind));
        }
    }

    /// <summary>Time that checkpoints took, in ticks of <see cref="Stopwatch"/>: none of the machine's own.</summary>
    public long Ticks { get; private set; }

    /// <summary>Events by kind.</summary>
    public SortedDictionary<TraceEventKind, long> Counts()
    {
        SortedDictionary<TraceEventKind, long> counts = [];
        for (int kind = 0; kind < _rows.Length; kind++)
        {
            if (_rows[kind].Count != 0)
            {
                counts[(TraceEventKind)kind] = _rows[kind].Count;
            }
        }

        return counts;
    }

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        ref Row row = ref _rows[(byte)step.Kind];
        row.Count++;
        return step.Kind == TraceEventKind.Checkpoint
            ? ShowTimed(row.Observers, position, step, outcome)
            : Show(row.Observers, position, step, outcome);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static string? Show(
        EventObserver[] observers, long position, in TraceEvent step, in EventOutcome outcome)
    {
        foreach (EventObserver observer in observers)
        {
            if (observer.Observe(position, step, outcome) is string difference)
            {
                return difference;
            }
        }

        return null;
    }

    private string? ShowTimed(
        EventObserver[] observers, long position, in TraceEvent step, in EventOutcome outcome)
    {
        long begin = Stopwatch.GetTimestamp();
        string? difference = Show(observers, position, step, outcome);
        Ticks += Stopwatch.GetTimestamp() - begin;
        return difference;
    }

    /// <summary>One kind of event.</summary>
    private struct Row
    {
        public EventObserver[] Observers;
        public long Count;
    }
}
