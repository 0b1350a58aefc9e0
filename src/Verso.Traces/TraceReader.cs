using Verso.Engine;

namespace Verso.Traces;

/// <summary>
/// Reads a trace from a stream, which may be a pipe, block by block. Nothing in the file is trusted: lengths are
/// bounded, every block is checksummed before it is looked at.
/// </summary>
public sealed class TraceReader : IDisposable
{
    private readonly BlockReader _blocks;
    private readonly ByteDecoder _decoder = new();
    private readonly EventCodec _codec = new();
    private int _eventsLeft;
    private long _events;
    private long _lost;
    private long _checkpoints;
    private bool _ended;
    private bool _notFollowed;

    private TraceReader(Stream stream)
    {
        _blocks = new BlockReader(stream);
        Header = ReadHeader();
    }

    public TraceHeader Header { get; }

    /// <summary>What the trace says at its end; null before the end, and for a truncated file for good.</summary>
    public TraceTrailer? Trailer { get; private set; }

    /// <summary>The file ended before its trailer; all whole blocks have been read.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>What this trace lacks, as far as it has been read.</summary>
    public TraceGrade Grade => Header.Grade
        | (Trailer is { Lost: > 0 } ? TraceGrade.LostEvents : 0)
        | (Trailer is { Checkpoints: 0 } ? TraceGrade.NoCheckpoints : 0)
        | (_notFollowed || Trailer is { NotFollowed: > 0 } ? TraceGrade.NotFollowed : 0)
        | (Trailer is { Running: > 0 } ? TraceGrade.Unfinished : 0)
        | (IsTruncated ? TraceGrade.Truncated : 0);

    /// <summary>Opens a file.</summary>
    /// <exception cref="TraceFormatException">It is no trace.</exception>
    public static TraceReader Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        try
        {
            return Open(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads from a stream, which this reader then owns.</summary>
    /// <exception cref="TraceFormatException">It is no trace.</exception>
    public static TraceReader Open(Stream stream) => new(stream);

    /// <summary>The next event; false at the end.</summary>
    /// <exception cref="TraceFormatException">The file is damaged.</exception>
    public bool TryRead(out TraceEvent e)
    {
        while (_eventsLeft == 0)
        {
            if (_decoder.Left != 0)
            {
                throw _decoder.Short();
            }

            if (_ended || !ReadBlock())
            {
                _ended = true;
                e = default;
                return false;
            }
        }

        _eventsLeft--;
        _events++;
        _codec.Read(_decoder, out e);
        _notFollowed |= e.Kind == TraceEventKind.NotFollowed;
        if (EventRules.FindBroken(e) is string expected)
        {
            throw _decoder.Malformed($"{expected} in event {_events} ({e.Kind}) in this block");
        }

        _lost += e.Kind == TraceEventKind.Lost ? (long)e.Arg0 : 0;
        _checkpoints += e.Kind == TraceEventKind.Checkpoint ? 1 : 0;
        return true;
    }

    public void Dispose() => _blocks.Dispose();

    /// <summary>Whether a stream begins as a trace does; it is read no further.</summary>
    public static bool IsOne(Stream stream) => BlockFormat.Begins(stream, BlockFormat.Magic);

    private TraceHeader ReadHeader()
    {
        TraceHeader header = _blocks.ReadHeader(
            BlockFormat.Magic, "the bytes VERSO 0d 0a 1a that a trace begins with", TraceJson.Default.TraceHeader);
        long start = BlockFormat.Magic.Length;
        if (header.Version != TraceHeader.CurrentVersion)
        {
            throw new TraceFormatException(
                start, $"format version {TraceHeader.CurrentVersion}, found {header.Version}");
        }

        const long LastSecondOfYear9999 = 253_402_300_799;
        return header is { PageSizeBytes: Page.Size, MaxMapCount: > 0, OvercommitMode: >= 0 and <= 2 }
            && header.StartUnixSeconds is >= 0 and <= LastSecondOfYear9999
            ? header
            : throw new TraceFormatException(
                start,
                $"a header with pages of {Page.Size} bytes, a map count limit, an overcommit mode and a start");
    }

    private bool ReadBlock()
    {
        long start = _blocks.Offset;
        if (!_blocks.TryReadFrame(out FrameHeader frame))
        {
            IsTruncated = true;
            return false;
        }

        if (frame.Type == FrameType.Trailer)
        {
            Trailer = _blocks.ReadJson(frame, TraceJson.Default.TraceTrailer);
            if (Trailer.Events != _events || Trailer.Lost != _lost || Trailer.Checkpoints != _checkpoints)
            {
                throw new TraceFormatException(
                    start,
                    $"a trailer whose events, losses and checkpoints are {_events}, {_lost} and {_checkpoints}, "
                    + $"not {Trailer.Events}, {Trailer.Lost} and {Trailer.Checkpoints}");
            }

            _blocks.RequireEnd();
            return false;
        }

        if (frame.Type != FrameType.Events)
        {
            throw new TraceFormatException(start, "a block of events or the trailer");
        }

        int bytes = _blocks.Unpack(frame, start);
        _decoder.Begin(_blocks.Raw, bytes, start);
        _codec.Reset();
        _eventsLeft = frame.EventCount;
        return true;
    }
}
