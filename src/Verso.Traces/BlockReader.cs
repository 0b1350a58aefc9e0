using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Verso.Traces;

/// <summary>
/// Reads the frames of <see cref="BlockFormat"/> from a stream, which may be a pipe. Nothing in it is trusted: lengths
/// are bounded, every frame is checksummed before it is looked at.
/// </summary>
internal sealed class BlockReader(Stream stream) : IDisposable
{
    private byte[] _stored = new byte[4096];
    private byte[] _raw = new byte[4096];
    private ushort _frames;

    /// <summary>Bytes of the file that were read.</summary>
    public long Offset { get; private set; }

    /// <summary>Where <see cref="Unpack"/> put the bytes.</summary>
    public byte[] Raw => _raw;

    /// <summary>Reads the magic and the header.</summary>
    public T ReadHeader<T>(ReadOnlySpan<byte> magic, string expected, JsonTypeInfo<T> type)
    {
        Span<byte> found = stackalloc byte[magic.Length];
        if (Fill(found) < found.Length || !found.SequenceEqual(magic))
        {
            throw new TraceFormatException(0, expected);
        }

        return TryReadFrame(out FrameHeader frame) && frame.Type == FrameType.Header
            ? ReadJson(frame, type)
            : throw new TraceFormatException(magic.Length, "the header block");
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Reads one frame, packed as it is; false if the file ends before it does.</summary>
    public bool TryReadFrame(out FrameHeader frame)
    {
        long start = Offset;
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

    /// <summary>
    /// The body of the frame read last, unpacked; its length is returned, its bytes are in <see cref="Raw"/>.
    /// </summary>
    /// <param name="frame">The frame.</param>
    /// <param name="start">Where it stands in the file.</param>
    public int Unpack(in FrameHeader frame, long start)
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

    /// <summary>The body of the frame read last, which is a JSON object.</summary>
    public T ReadJson<T>(in FrameHeader frame, JsonTypeInfo<T> type)
    {
        long start = Offset - frame.StoredBytes;
        try
        {
            return JsonSerializer.Deserialize(_stored.AsSpan(0, frame.StoredBytes), type)
                ?? throw new TraceFormatException(start, "a JSON object");
        }
        catch (JsonException)
        {
            throw new TraceFormatException(
                start,
                FindMissing(_stored.AsMemory(0, frame.StoredBytes), type) is string key
                    ? $"a JSON object with the key '{key}'"
                    : "a JSON object with the keys of this version");
        }
    }

    /// <summary>The first key that an object lacks; null if none, or if it is none.</summary>
    private static string? FindMissing(ReadOnlyMemory<byte> json, JsonTypeInfo type)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? null
                : type.Properties.FirstOrDefault(key => key.IsRequired && !root.TryGetProperty(key.Name, out _))?.Name;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Requires that nothing stands after the trailer, which has been read.</summary>
    /// <exception cref="TraceFormatException">Something does.</exception>
    public void RequireEnd()
    {
        Span<byte> more = stackalloc byte[1];
        if (Fill(more) != 0)
        {
            throw new TraceFormatException(Offset - 1, "the end, after the trailer");
        }
    }

    /// <summary>Fills as much of it as the stream still has.</summary>
    public int Fill(Span<byte> target)
    {
        int got = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        Offset += got;
        return got;
    }
}
