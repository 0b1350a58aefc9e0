using System.Text;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>The notation of docs/trace-format.md.</summary>
internal sealed class RawBytes
{
    private readonly List<byte> _bytes = [];

    public RawBytes Byte(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public RawBytes Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }

        return Byte((byte)value);
    }

    public RawBytes Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    public RawBytes Text(string text) => Part(Encoding.UTF8.GetBytes(text));

    /// <summary>An anon_vma by its id; the file may name it by its place, but need not.</summary>
    public RawBytes Reference(ulong id) => id == 0 ? Number(0) : Number(2).Number(id);

    /// <summary>A number of bytes, and these.</summary>
    public RawBytes Part(byte[] bytes) => Number((ulong)bytes.Length).Add(bytes);

    public RawBytes Add(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();
}
