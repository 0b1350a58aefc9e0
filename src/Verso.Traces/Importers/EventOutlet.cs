namespace Verso.Traces.Importers;

/// <summary>
/// Gives events to a sink that is begun with the first of them: a text with nothing in it never begins one, and the
/// header can say what the first lines told.
/// </summary>
internal sealed class EventOutlet(Func<TraceHeader, ITraceSink> begin, TraceHeader header)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private ITraceSink? _sink;
    private long _origin = -1;
    private ulong _last;

    /// <summary>The header; what is set after the first event is not written.</summary>
    public TraceHeader Header { get; set; } = header;

    public long Events { get; private set; }

    public long Calls { get; private set; }

    public bool HasBegun => _sink is not null;

    /// <summary>The time of the line being read, in nanoseconds of the text's own clock.</summary>
    public long Clock { get; set; }

    /// <summary>Whether <see cref="Clock"/> counts from 1970.</summary>
    public bool ClockIsWall { get; set; }

    /// <summary>Writes an event at the present time; time never goes back.</summary>
    public void Write(TraceEvent e)
    {
        if (_sink is null)
        {
            _origin = Clock;
            Header = ClockIsWall ? Header with { StartUnixSeconds = Clock / NanosecondsPerSecond } : Header;
            _sink = begin(Header);
        }

        _last = Math.Max(_last, (ulong)Math.Max(0, Clock - _origin));
        e.Time = _last;
        Events++;
        Calls += e.Kind is >= TraceEventKind.Mmap and <= TraceEventKind.Mbind ? 1 : 0;
        _sink.Write(e);
    }
}
