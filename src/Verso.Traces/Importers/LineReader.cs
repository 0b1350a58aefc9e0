using System.Text;

namespace Verso.Traces.Importers;

/// <summary>Reads lines of bounded length, so that a file without line ends cannot claim memory.</summary>
internal sealed class LineReader(TextReader text)
{
    /// <summary>Characters of a line that are kept; strace cuts strings at 32, so real lines are far shorter.</summary>
    public const int MaxLineLength = 1 << 16;

    private readonly char[] _buffer = new char[1 << 14];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _end;

    /// <summary>Lines read so far.</summary>
    public long Number { get; private set; }

    /// <summary>
    /// The next line without its end; null at the end of the text. What exceeds the limit is dropped.
    /// </summary>
    public string? Read()
    {
        _line.Clear();
        bool any = false;
        while (Fill())
        {
            any = true;
            ReadOnlySpan<char> rest = _buffer.AsSpan(_at, _end - _at);
            int length = rest.IndexOf('\n');
            ReadOnlySpan<char> part = length < 0 ? rest : rest[..length];
            _line.Append(part[..Math.Min(part.Length, MaxLineLength - _line.Length)]);
            _at += length < 0 ? rest.Length : length + 1;
            if (length >= 0)
            {
                break;
            }
        }

        if (!any)
        {
            return null;
        }

        Number++;
        return _line.ToString().TrimEnd('\r');
    }

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
