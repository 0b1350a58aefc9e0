using System.Text;

namespace Verso.Traces;

/// <summary>A growing buffer of variable-length integers and strings.</summary>
/// <param name="capacity">Bytes to begin with.</param>
internal sealed class ByteEncoder(int capacity)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Byte(byte value)
    {
        Room(1);
        _bytes[Length++] = value;
    }

    /// <summary>LEB128: seven bits a byte, the lowest first.</summary>
    public void Number(ulong value)
    {
        Room(10);
        while (value >= 0x80)
        {
            _bytes[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[Length++] = (byte)value;
    }

    /// <summary>A signed number: the sign goes to the lowest bit, so small ones stay short.</summary>
    public void Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    /// <exception cref="ArgumentException">It is longer than readers take.</exception>
    public void Text(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes > BlockFormat.TextMaxBytes)
        {
            throw new ArgumentException($"a text of {bytes} bytes", nameof(value));
        }

        Number((ulong)bytes);
        Room(bytes);
        Length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(Length));
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (Length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }
    }
}
