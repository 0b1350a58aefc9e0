using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Verso.Traces;

/// <summary>Writes the frames of <see cref="BlockFormat"/> to a stream, which may be a pipe.</summary>
internal sealed class BlockWriter(Stream stream) : IDisposable
{
    private readonly MemoryStream _compressed = new();
    private ushort _frames;

    /// <summary>What the file begins with: its magic and a header.</summary>
    public void Begin<T>(ReadOnlySpan<byte> magic, T header, JsonTypeInfo<T> type)
    {
        stream.Write(magic);
        WriteJson(FrameType.Header, header, type);
        stream.Flush();
    }

    /// <summary>A frame of records, compressed if that makes it smaller.</summary>
    public void WriteRecords(ReadOnlySpan<byte> body, int records)
    {
        _compressed.SetLength(0);
        using (DeflateStream deflate = new(_compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(body);
        }

        bool smaller = _compressed.Length < body.Length;
        WriteFrame(
            FrameType.Events,
            smaller ? FrameCoding.Deflate : FrameCoding.Plain,
            records,
            body.Length,
            smaller ? _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length) : body);
        stream.Flush();
    }

    /// <summary>What the file ends with.</summary>
    public void End<T>(T trailer, JsonTypeInfo<T> type)
    {
        WriteJson(FrameType.Trailer, trailer, type);
        stream.Flush();
    }

    public void Dispose() => _compressed.Dispose();

    private void WriteJson<T>(FrameType frame, T value, JsonTypeInfo<T> type)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(value, type);
        WriteFrame(frame, FrameCoding.Plain, 0, text.Length, text);
    }

    private void WriteFrame(FrameType type, FrameCoding coding, int events, int rawBytes, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[BlockFormat.FrameHeaderBytes];
        new FrameHeader(type, coding, _frames, events, rawBytes, body.Length, BlockFormat.Checksum(body)).Write(header);
        _frames = unchecked((ushort)(_frames + 1));
        stream.Write(header);
        stream.Write(body);
    }
}
