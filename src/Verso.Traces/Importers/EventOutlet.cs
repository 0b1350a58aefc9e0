namespace Verso.Traces.Importers;

/// <summary>
/// Gives events to a sink that is begun with the first of them, or, if told to wait, once the header is settled: a text
/// with nothing in it never begins one, and the header can say what the first lines told.
/// </summary>
/// <param name="lines">Where the events come from.</param>
/// <param name="begin">Begins the sink.</param>
/// <param name="header">The header as far as it is known.</param>
/// <param name="time">When it is given to the sink.</param>
internal sealed class EventOutlet(
    LineReader lines, Func<TraceHeader, ITraceSink> begin, TraceHeader header, HeaderTime time)
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int MaxHeld = 4096;

    private readonly List<TraceEvent> _held = [];
    private ITraceSink? _sink;
    private long _origin;
    private ulong _last;

    /// <summary>The header; what is set after it was given to the sink is not written.</summary>
    public TraceHeader Header { get; set; } = header;

    public long Events { get; private set; }

    public long Calls { get; private set; }

    public bool HasEvents => Events > 0;

    /// <summary>The time of the line being read, in nanoseconds of the text's own clock.</summary>
    public long Clock { get; set; }

    /// <summary>Whether <see cref="Clock"/> counts from 1970.</summary>
    public bool ClockIsWall { get; set; }

    /// <summary>Writes an event at the present time; time never goes back.</summary>
    /// <exception cref="ImportException">No kernel does that.</exception>
    public void Write(TraceEvent e)
    {
        if (EventRules.FindBroken(e) is string expected)
        {
            throw ImportException.At(lines.Number, expected);
        }

        if (Events++ == 0)
        {
            _origin = Clock;
            Header = ClockIsWall ? Header with { StartUnixSeconds = Clock / NanosecondsPerSecond } : Header;
        }

        _last = Math.Max(_last, (ulong)Math.Max(0, Clock - _origin));
        e.Time = _last;
        Calls += e.IsCall ? 1 : 0;
        if (_sink is not null)
        {
            _sink.Write(e);
            return;
        }

        _held.Add(e);
        if (time == HeaderTime.AtFirstEvent || _held.Count >= MaxHeld)
        {
            Settle();
        }
    }

    /// <summary>The header is what it is: begins the sink, if there is anything for it.</summary>
    public void Settle()
    {
        if (_sink is not null || !HasEvents)
        {
            return;
        }

        _sink = begin(Header);
        foreach (TraceEvent e in _held)
        {
            _sink.Write(e);
        }

        _held.Clear();
        _held.TrimExcess();
    }
}

/// <summary>When a header is given to the sink.</summary>
internal enum HeaderTime
{
    AtFirstEvent = 0,

    /// <summary>When <see cref="EventOutlet.Settle"/> is called, or after some thousand events.</summary>
    WhenSettled = 1,
}
