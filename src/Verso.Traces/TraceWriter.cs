namespace Verso.Traces;

/// <summary>
/// Writes a trace to a stream, which may be a pipe: nothing is ever rewritten. Dispose writes the trailer; a file that
/// lacks it is a truncated one, readable up to its last whole block.
/// </summary>
public sealed class TraceWriter : ITraceSink, IDisposable
{
    private readonly BlockWriter _writer;
    private readonly ByteEncoder _block = new(BlockFormat.BlockTargetBytes * 2);
    private readonly EventCodec _codec = new();
    private readonly TraceHeader _header;
    private int _blockEvents;
    private long _events;
    private long _lost;
    private long _checkpoints;
    private long _notFollowed;
    private bool _begun;
    private bool _finished;

    /// <summary>
    /// Begins a trace. The stream stays the caller's to close. Nothing is written before the first event, flush or end:
    /// the serializer takes a while to start, and a recorder's command need not wait for it.
    /// </summary>
    public TraceWriter(Stream stream, TraceHeader header)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(header);
        _writer = new BlockWriter(stream);
        _header = header;
    }

    /// <summary>Tasks that are still running when the recording ends: 0 unless somebody says so.</summary>
    public long Running { get; set; }

    /// <summary>Appends one event. It reaches the stream with its block, of some 256 KiB before compression.</summary>
    /// <exception cref="ArgumentException">
    /// It is none that a reader takes, its payload is not that of its kind, is an image that no address space can have,
    /// or no block can hold it.
    /// </exception>
    public void Write(in TraceEvent e)
    {
        if (EventRules.FindBroken(e) is string expected)
        {
            throw new ArgumentException($"{e.Kind} without {expected}", nameof(e));
        }

        if (!_begun)
        {
            WriteHeader();
        }

        int payloadBytes = _codec.Prepare(e);
        if (_block.Length + payloadBytes > BlockFormat.BlockMaxBytes - BlockFormat.EventMaxBytes)
        {
            FlushBlock();
            if (payloadBytes > BlockFormat.BlockMaxBytes - BlockFormat.EventMaxBytes)
            {
                throw new ArgumentException($"a payload of {payloadBytes} bytes exceeds a block", nameof(e));
            }
        }

        _codec.Write(_block, e);
        _blockEvents++;
        _events++;
        _lost += e.Kind == TraceEventKind.Lost ? (long)e.Arg0 : 0;
        _checkpoints += e.Kind == TraceEventKind.Checkpoint ? 1 : 0;
        _notFollowed += e.Kind == TraceEventKind.NotFollowed ? 1 : 0;
        if (_block.Length >= BlockFormat.BlockTargetBytes)
        {
            FlushBlock();
        }
    }

    /// <summary>The header and every event so far go to the stream, which is flushed: a block of its own.</summary>
    public void Flush()
    {
        if (!_begun)
        {
            WriteHeader();
        }

        FlushBlock();
    }

    /// <summary>Writes the trailer.</summary>
    public void Dispose()
    {
        if (_finished)
        {
            return;
        }

        _finished = true;
        Flush();
        TraceTrailer trailer = new()
        {
            Events = _events,
            Lost = _lost,
            Checkpoints = _checkpoints,
            NotFollowed = _notFollowed,
            Running = Running,
        };
        _writer.End(trailer, TraceJson.Default.TraceTrailer);
        _writer.Dispose();
    }

    private void WriteHeader()
    {
        _begun = true;
        _writer.Begin(BlockFormat.Magic, _header, TraceJson.Default.TraceHeader);
    }

    private void FlushBlock()
    {
        if (_blockEvents == 0)
        {
            return;
        }

        _writer.WriteRecords(_block.Written, _blockEvents);
        _block.Clear();
        _codec.Reset();
        _blockEvents = 0;
    }
}
