using System.Text;

namespace Verso.Traces.Importers;

/// <summary>Reads lines of bounded length, so that a file without line ends cannot claim memory.</summary>
internal sealed class LineReader(TextReader text)
{
    /// <summary>Characters of a line that are kept; strace cuts strings at 32, so real lines are far shorter.</summary>
    public const int MaxLineLength = 1 << 16;

    /// <summary>Lines after which a text that is not its tool's is read no further: it may have no end.</summary>
    private const long ForeignLines = 100_000;

    /// <summary>Of so many lines at least one is its tool's; what looks like one may be there by chance.</summary>
    private const long LinesForOne = 1000;

    /// <summary>Characters after which a line has no end: a device of zeros is one line.</summary>
    private const long EndlessLine = 1 << 24;

    private readonly char[] _buffer = new char[1 << 14];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _end;

    /// <summary>Lines read so far.</summary>
    public long Number { get; private set; }

    /// <summary>
    /// The next line without its end; null at the end of the text. What exceeds the limit is dropped.
    /// </summary>
    /// <exception cref="ImportException">The line does not end.</exception>
    public string? Read()
    {
        _line.Clear();
        long length = 0;
        while (Fill())
        {
            ReadOnlySpan<char> rest = _buffer.AsSpan(_at, _end - _at);
            int end = rest.IndexOf('\n');
            ReadOnlySpan<char> part = end < 0 ? rest : rest[..end];
            _line.Append(part[..Math.Min(part.Length, MaxLineLength - _line.Length)]);
            int taken = end < 0 ? rest.Length : end + 1;
            _at += taken;
            length += taken;
            if (end >= 0)
            {
                break;
            }

            if (length > EndlessLine)
            {
                throw ImportException.At(Number + 1, $"a line with an end, not one of over {EndlessLine >> 20} MiB");
            }
        }

        if (length == 0)
        {
            return null;
        }

        Number++;
        return _line.ToString().TrimEnd('\r');
    }

    /// <summary>Whether a text with so many lines of its tool's among those read is another tool's.</summary>
    public static bool IsForeign(long known, long lines) => lines >= ForeignLines && known < lines / LinesForOne;

    private bool Fill()
    {
        if (_at < _end)
        {
            return true;
        }

        _at = 0;
        _end = text.Read(_buffer, 0, _buffer.Length);
        return _end > 0;
    }
}
