using System.IO.Compression;
using System.Text.Json;
using Verso.Engine;

namespace Verso.Traces;

/// <summary>
/// Reads a trace from a stream, which may be a pipe, block by block. Nothing in the file is trusted: lengths are
/// bounded, every block is checksummed before it is looked at.
/// </summary>
public sealed class TraceReader : IDisposable
{
    private readonly Stream _stream;
    private readonly ByteDecoder _decoder = new();
    private readonly EventCodec _codec = new();
    private byte[] _stored = new byte[4096];
    private byte[] _raw = new byte[4096];
    private long _offset;
    private ushort _frames;
    private int _eventsLeft;
    private long _events;
    private bool _ended;

    private TraceReader(Stream stream)
    {
        _stream = stream;
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
        return true;
    }

    public void Dispose() => _stream.Dispose();

    private TraceHeader ReadHeader()
    {
        Span<byte> magic = stackalloc byte[BlockFormat.Magic.Length];
        if (Fill(magic) < magic.Length || !magic.SequenceEqual(BlockFormat.Magic))
        {
            throw new TraceFormatException(0, "the bytes VERSO 0d 0a 1a that a trace begins with");
        }

        if (!TryReadFrame(out FrameHeader frame) || frame.Type != FrameType.Header)
        {
            throw new TraceFormatException(magic.Length, "the header block");
        }

        TraceHeader header = ReadJson(frame, TraceJson.Default.TraceHeader);
        if (header.Version != TraceHeader.CurrentVersion)
        {
            throw new TraceFormatException(
                magic.Length, $"format version {TraceHeader.CurrentVersion}, found {header.Version}");
        }

        const long LastSecondOfYear9999 = 253_402_300_799;
        return header is { PageSizeBytes: Page.Size, MaxMapCount: > 0, OvercommitMode: >= 0 and <= 2 }
            && header.StartUnixSeconds is >= 0 and <= LastSecondOfYear9999
            ? header
            : throw new TraceFormatException(
                magic.Length,
                $"a header with pages of {Page.Size} bytes, a map count limit, an overcommit mode and a start");
    }

    private bool ReadBlock()
    {
        long start = _offset;
        if (!TryReadFrame(out FrameHeader frame))
        {
            IsTruncated = true;
            return false;
        }

        if (frame.Type == FrameType.Trailer)
        {
            Trailer = ReadJson(frame, TraceJson.Default.TraceTrailer);
            if (Trailer.Events != _events)
            {
                throw new TraceFormatException(start, $"a trailer that counts {_events} events, not {Trailer.Events}");
            }

            Span<byte> more = stackalloc byte[1];
            return Fill(more) == 0 ? false : throw new TraceFormatException(_offset - 1, "the end, after the trailer");
        }

        if (frame.Type != FrameType.Events)
        {
            throw new TraceFormatException(start, "a block of events or the trailer");
        }

        int bytes = Unpack(frame, start);
        _decoder.Begin(_raw, bytes, start);
        _codec.Reset();
        _eventsLeft = frame.EventCount;
        return true;
    }

    /// <summary>Reads one frame into <see cref="_stored"/>; false if the file ends before it does.</summary>
    private bool TryReadFrame(out FrameHeader frame)
    {
        long start = _offset;
        Span<byte> bytes = stackalloc byte[BlockFormat.FrameHeaderBytes];
        frame = default;
        if (Fill(bytes) < bytes.Length)
        {
            return false;
        }

        frame = FrameHeader.Read(bytes, start);
        if (frame.Number != _frames)
        {
            throw new TraceFormatException(start, $"block {_frames}, found {frame.Number}");
        }

        _frames = unchecked((ushort)(_frames + 1));
        if (!FillStored(frame.StoredBytes))
        {
            return false;
        }

        return BlockFormat.Checksum(_stored.AsSpan(0, frame.StoredBytes)) == frame.BodyChecksum
            ? true
            : throw new TraceFormatException(start, "a block whose contents match its checksum");
    }

    /// <summary>Grows with what is really there, so that a length alone cannot claim memory.</summary>
    private bool FillStored(int bytes)
    {
        int have = 0;
        while (have < bytes)
        {
            int step = Math.Min(bytes - have, 1 << 20);
            if (_stored.Length < have + step)
            {
                Array.Resize(ref _stored, Math.Max(_stored.Length * 2, have + step));
            }

            int got = Fill(_stored.AsSpan(have, step));
            have += got;
            if (got < step)
            {
                return false;
            }
        }

        return true;
    }

    private int Unpack(in FrameHeader frame, long start)
    {
        if (frame.Coding == FrameCoding.Plain)
        {
            (_raw, _stored) = (_stored, _raw);
            return frame.StoredBytes;
        }

        using MemoryStream source = new(_stored, 0, frame.StoredBytes, writable: false);
        using DeflateStream inflate = new(source, CompressionMode.Decompress);
        int have = 0;
        try
        {
            while (have <= frame.RawBytes)
            {
                int step = Math.Min(frame.RawBytes + 1 - have, 1 << 20);
                if (_raw.Length < have + step)
                {
                    Array.Resize(ref _raw, Math.Max(_raw.Length * 2, have + step));
                }

                int got = inflate.Read(_raw, have, step);
                if (got == 0)
                {
                    break;
                }

                have += got;
            }
        }
        catch (InvalidDataException)
        {
            throw new TraceFormatException(start, "a block that decompresses");
        }

        return have == frame.RawBytes
            ? have
            : throw new TraceFormatException(start, $"a block of {frame.RawBytes} bytes");
    }

    private T ReadJson<T>(in FrameHeader frame, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        long start = _offset - frame.StoredBytes;
        try
        {
            return JsonSerializer.Deserialize(_stored.AsSpan(0, frame.StoredBytes), type)
                ?? throw new TraceFormatException(start, "a JSON object");
        }
        catch (JsonException)
        {
            throw new TraceFormatException(start, "a JSON object with the fields of this version");
        }
    }

    private int Fill(Span<byte> target)
    {
        int got = _stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        _offset += got;
        return got;
    }
}
