using System.Text;

namespace Verso.Traces;

/// <summary>Reads what <see cref="ByteEncoder"/> wrote; never past the end, whatever the bytes say.</summary>
internal sealed class ByteDecoder
{
    private const int LastShift = 63;

    private byte[] _bytes = [];
    private int _end;
    private int _at;
    private long _offset;

    /// <summary>Bytes that are left.</summary>
    public int Left => _end - _at;

    /// <summary>Begins with a new block, which stands at this offset of the file.</summary>
    public void Begin(byte[] bytes, int length, long offset)
    {
        _bytes = bytes;
        _end = length;
        _at = 0;
        _offset = offset;
    }

    public byte Byte() => _at < _end ? _bytes[_at++] : throw Short();

    public ulong Number()
    {
        int at = _at;
        if (at < _end && _bytes[at] < 0x80)
        {
            _at = at + 1;
            return _bytes[at];
        }

        return LongNumber();
    }

    public long Signed()
    {
        ulong value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number that is an id: it fits an int and is not negative.</summary>
    public int Id()
    {
        ulong value = Number();
        return value <= int.MaxValue ? (int)value : throw Malformed("ids below 2^31 in this block");
    }

    /// <summary>
    /// A count of things that take at least <paramref name="bytesEach"/> bytes, so it cannot exceed what is
    /// left.
    /// </summary>
    public int Count(int bytesEach)
    {
        ulong count = Number();
        return count <= (ulong)(Left / bytesEach) ? (int)count : throw Short();
    }

    /// <summary>
    /// A count of things of which there are at most so many: what they become in memory is larger than what they take
    /// here.
    /// </summary>
    /// <param name="bytesEach">The fewest bytes that one takes here.</param>
    /// <param name="most">How many there may be.</param>
    /// <param name="what">What they are, for whoever has more.</param>
    public int Count(int bytesEach, int most, string what)
    {
        int count = Count(bytesEach);
        return count <= most ? count : throw Malformed($"at most {most} {what} in this block");
    }

    public string Text()
    {
        int bytes = Count(1, BlockFormat.TextMaxBytes, "bytes in a text");
        string text = Encoding.UTF8.GetString(_bytes, _at, bytes);
        _at += bytes;
        return text;
    }

    /// <summary>
    /// Enters a part with its length before it: reading ends there. Returns what <see cref="Leave"/> wants.
    /// </summary>
    public int Enter()
    {
        int bytes = Count(1);
        int outer = _end;
        _end = _at + bytes;
        return outer;
    }

    /// <summary>Leaves a part, and skips what a later version may have added at its end.</summary>
    public void Leave(int outer)
    {
        _at = _end;
        _end = outer;
    }

    public TraceFormatException Short() => Malformed("a block whose events fill it exactly");

    public TraceFormatException Malformed(string expected) => new(_offset, expected);

    /// <summary>A number of more than one byte, or none.</summary>
    private ulong LongNumber()
    {
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(_at, _end - _at);
        ulong value = 0;
        for (int at = 0, shift = 0; at < bytes.Length; at++, shift += 7)
        {
            if (shift > LastShift)
            {
                throw Malformed("numbers of at most 10 bytes in this block");
            }

            byte next = bytes[at];
            value |= (next & 0x7fUL) << shift;
            if (next < 0x80)
            {
                _at += at + 1;
                return shift < LastShift || next <= 1
                    ? value
                    : throw Malformed("numbers of at most 64 bits in this block");
            }
        }

        throw Short();
    }
}
