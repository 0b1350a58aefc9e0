using System.Text;

namespace Verso.Traces;

/// <summary>Reads what <see cref="ByteEncoder"/> wrote; never past the end, whatever the bytes say.</summary>
internal sealed class ByteDecoder
{
    private byte[] _bytes = [];
    private int _length;
    private int _at;
    private long _offset;

    /// <summary>Bytes that are left.</summary>
    public int Left => _length - _at;

    /// <summary>Begins with a new block, which stands at this offset of the file.</summary>
    public void Begin(byte[] bytes, int length, long offset)
    {
        _bytes = bytes;
        _length = length;
        _at = 0;
        _offset = offset;
    }

    public byte Byte() => _at < _length ? _bytes[_at++] : throw Short();

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new TraceFormatException(_offset, "a number of at most 10 bytes in this block");
    }

    public long Signed()
    {
        ulong value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A count of things that take at least <paramref name="bytesEach"/> bytes, so it cannot exceed what is left.</summary>
    public int Count(int bytesEach)
    {
        ulong count = Number();
        return count <= (ulong)(Left / bytesEach) ? (int)count : throw Short();
    }

    public string Text()
    {
        int bytes = Count(1);
        string text = Encoding.UTF8.GetString(_bytes, _at, bytes);
        _at += bytes;
        return text;
    }

    public TraceFormatException Short() => new(_offset, "a block whose events fill it exactly");
}
