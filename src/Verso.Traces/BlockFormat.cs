using System.Buffers.Binary;
using System.Numerics;

namespace Verso.Traces;

/// <summary>The layout of a trace file, as docs/trace-format.md describes it.</summary>
/// <remarks>
/// <code>
///  file   : magic(8) frame(header) frame(events)* frame(trailer)
///  frame  : type(1) coding(1) number(2) events(4) raw(4) stored(4)
///           crc of body(4) crc of the 20 bytes before(4) body(stored)
/// </code>
/// Integers are little-endian; checksums are CRC-32C.
/// </remarks>
internal static class BlockFormat
{
    /// <summary>The bytes a trace begins with; the odd ones catch transfers that touch line ends.</summary>
    public static ReadOnlySpan<byte> Magic => "VERSO\r\n\u001a"u8;

    /// <summary>What a snapshot begins with; all that follows has the same form.</summary>
    public static ReadOnlySpan<byte> SnapshotMagic => "VSNAP\r\n\u001a"u8;

    /// <summary>Whether a stream begins with these bytes; it is read no further.</summary>
    public static bool Begins(Stream stream, ReadOnlySpan<byte> magic)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> begin = stackalloc byte[magic.Length];
        return stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length
            && begin.SequenceEqual(magic);
    }

    public const int FrameHeaderBytes = 24;

    /// <summary>A block is closed once it holds this much before compression.</summary>
    public const int BlockTargetBytes = 256 << 10;

    /// <summary>No block is larger; a checkpoint of 65,530 VMAs is some 3 MiB.</summary>
    public const int BlockMaxBytes = 64 << 20;

    /// <summary>No path, name or other text is longer: the longest line of text that is imported has fewer.</summary>
    public const int TextMaxBytes = 1 << 18;

    /// <summary>No event takes less: kind, mask and time.</summary>
    public const int EventMinBytes = 3;

    /// <summary>
    /// No event takes more, its payload left out: kind, mask, time, nine fields and the payload's length.
    /// </summary>
    public const int EventMaxBytes = 1 + 2 + (11 * 10);

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}

/// <summary>What a frame holds.</summary>
internal enum FrameType : byte
{
    Header = 1,
    Events = 2,
    Trailer = 3,
}

/// <summary>How a frame's body is stored.</summary>
internal enum FrameCoding : byte
{
    Plain = 0,

    /// <summary>RFC 1951.</summary>
    Deflate = 1,
}

/// <summary>The fixed part of a frame.</summary>
/// <param name="Type">What the body is.</param>
/// <param name="Coding">How it is stored.</param>
/// <param name="Number">Frames before this one, modulo 65,536: shows where one is missing or displaced.</param>
/// <param name="EventCount">Events in it.</param>
/// <param name="RawBytes">Its size once decompressed.</param>
/// <param name="StoredBytes">Its size in the file.</param>
/// <param name="BodyChecksum">CRC-32C of the stored bytes.</param>
internal readonly record struct FrameHeader(
    FrameType Type,
    FrameCoding Coding,
    ushort Number,
    int EventCount,
    int RawBytes,
    int StoredBytes,
    uint BodyChecksum)
{
    public void Write(Span<byte> target)
    {
        target[..BlockFormat.FrameHeaderBytes].Clear();
        target[0] = (byte)Type;
        target[1] = (byte)Coding;
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], EventCount);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], RawBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], StoredBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], BodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], BlockFormat.Checksum(target[..20]));
    }

    /// <summary>Reads and checks; throws <see cref="TraceFormatException"/> naming <paramref name="offset"/>.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> source, long offset)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[20..]) != BlockFormat.Checksum(source[..20]))
        {
            throw new TraceFormatException(offset, "a block header with a matching checksum");
        }

        FrameHeader header = new(
            (FrameType)source[0],
            (FrameCoding)source[1],
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));
        return header.IsSound
            ? header
            : throw new TraceFormatException(offset, "a block whose type, coding and sizes this version knows");
    }

    private bool IsSound =>
        Type is FrameType.Header or FrameType.Events or FrameType.Trailer
        && Coding is FrameCoding.Plain or FrameCoding.Deflate
        && RawBytes is >= 0 and <= BlockFormat.BlockMaxBytes
        && StoredBytes is >= 0 and <= BlockFormat.BlockMaxBytes
        && (Coding != FrameCoding.Plain || RawBytes == StoredBytes)
        && EventCount >= 0
        && EventCount <= RawBytes / BlockFormat.EventMinBytes;
}
