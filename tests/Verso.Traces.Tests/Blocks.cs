using System.Buffers.Binary;
using System.IO.Compression;

namespace Verso.Traces.Tests;

/// <summary>One block of a trace file as docs/trace-format.md says; shares no code with what is tested.</summary>
internal sealed record Block(byte Type, byte Coding, ushort Number, int Events, int Raw, byte[] Body)
{
    public const int HeaderBytes = 24;
    public const byte TypeHeader = 1;
    public const byte TypeEvents = 2;
    public const byte TypeTrailer = 3;

    private const uint Castagnoli = 0x82f63b78;

    public static ReadOnlySpan<byte> Magic => [0x56, 0x45, 0x52, 0x53, 0x4f, 0x0d, 0x0a, 0x1a];

    /// <summary>The size of the body that the header claims.</summary>
    public int Stored { get; init; } = Body.Length;

    /// <summary>The body, unpacked.</summary>
    public byte[] Unpacked
    {
        get
        {
            if (Coding == 0)
            {
                return Body;
            }

            byte[] raw = new byte[Raw];
            using DeflateStream inflate = new(new MemoryStream(Body), CompressionMode.Decompress);
            inflate.ReadExactly(raw);
            Assert.Equal(-1, inflate.ReadByte());
            return raw;
        }
    }

    /// <summary>The same block with this body, plain.</summary>
    public Block With(byte[] body) => new(Type, 0, Number, Events, body.Length, body);

    /// <summary>The same block with this body, deflated.</summary>
    public Block Deflated(byte[] body)
    {
        MemoryStream packed = new();
        using (DeflateStream deflate = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(body);
        }

        return new Block(Type, 1, Number, Events, body.Length, packed.ToArray());
    }

    /// <summary>The block's bytes, its checksums right.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[HeaderBytes + Body.Length];
        bytes[0] = Type;
        bytes[1] = Coding;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Events);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Raw);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Stored);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), Checksum(Body));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), Checksum(bytes.AsSpan(0, 20)));
        Body.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>The blocks of a whole file; asserts that every one is sound.</summary>
    public static List<Block> Split(ReadOnlySpan<byte> file)
    {
        Assert.True(file.StartsWith(Magic));
        List<Block> blocks = [];
        for (int at = Magic.Length; at < file.Length;)
        {
            ReadOnlySpan<byte> header = file.Slice(at, HeaderBytes);
            int stored = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
            byte[] body = file.Slice(at + HeaderBytes, stored).ToArray();
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(header[20..]), Checksum(header[..20]));
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), Checksum(body));
            blocks.Add(new Block(
                header[0],
                header[1],
                BinaryPrimitives.ReadUInt16LittleEndian(header[2..]),
                BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
                BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
                body));
            at += HeaderBytes + stored;
        }

        return blocks;
    }

    public static byte[] Join(IEnumerable<Block> blocks) =>
        [.. Magic, .. blocks.SelectMany(block => block.ToBytes())];

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Castagnoli : crc >> 1;
            }
        }

        return ~crc;
    }
}
