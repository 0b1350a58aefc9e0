using System.Globalization;

namespace Verso.Traces.Importers;

/// <summary>
/// A line of perf script: <c>comm tid [cpu] seconds: event: text</c>, with <c>pid/tid</c>, without comm.
/// </summary>
/// <param name="Tid">The task.</param>
/// <param name="Pid">Its process; 0 if the line does not say.</param>
/// <param name="Time">In nanoseconds of perf's clock.</param>
/// <param name="Event">The event's name: <c>syscalls:sys_enter_mmap</c>, <c>PERF_RECORD_MMAP2</c>.</param>
/// <param name="Text">What follows the name.</param>
internal readonly record struct PerfLine(int Tid, int Pid, long Time, string Event, string Text)
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const string RecordPrefix = "PERF_RECORD_";

    /// <summary>Reads a line; false if it is none. A comm may hold spaces and colons.</summary>
    public static bool TryRead(string line, out PerfLine found)
    {
        found = default;
        int from = 0;
        while (TryFindTime(line, ref from, out int word, out long time))
        {
            if (TryReadTid(line.AsSpan(0, word), out int tid, out int pid)
                && TryReadEvent(line, from, out string name, out int text))
            {
                found = new PerfLine(tid, pid, time, name, line[text..].Trim());
                return true;
            }
        }

        return false;
    }

    /// <summary>The value of <c>name=value</c> or <c>name: value</c> in the text of an event.</summary>
    public static bool TryFindField(string text, string name, NumberStyles style, out ulong value)
    {
        value = 0;
        for (int at = text.IndexOf(name, StringComparison.Ordinal); at >= 0;
            at = text.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> rest = text.AsSpan(at + name.Length);
            if ((at > 0 && text[at - 1] != ' ') || rest.IsEmpty || rest[0] is not ('=' or ':'))
            {
                continue;
            }

            rest = rest[1..].TrimStart();
            int end = rest.IndexOfAny(' ', ',');
            rest = end < 0 ? rest : rest[..end];
            bool isPrefixed = rest.StartsWith("0x");
            return isPrefixed
                ? StraceValue.TryParseNumber(rest, out value)
                : ulong.TryParse(rest, style, CultureInfo.InvariantCulture, out value);
        }

        return false;
    }

    /// <summary>The next word of digits, a point, 6 or 9 digits and a colon.</summary>
    private static bool TryFindTime(string line, ref int from, out int word, out long time)
    {
        for (int at = from; at < line.Length;)
        {
            int end = line.IndexOf(' ', at);
            end = end < 0 ? line.Length : end;
            ReadOnlySpan<char> candidate = line.AsSpan(at, end - at);
            int point = candidate.IndexOf('.');
            if (point > 0 && candidate[^1] == ':' && (candidate.Length - point) is 8 or 11
                && TryRead(candidate[..point], out long seconds) && seconds < long.MaxValue / NanosecondsPerSecond
                && TryRead(candidate[(point + 1)..^1], out long fraction))
            {
                word = at;
                from = end;
                time = (seconds * NanosecondsPerSecond) + (fraction * (candidate.Length - point == 8 ? 1000 : 1));
                return true;
            }

            at = end + 1;
        }

        from = line.Length;
        word = 0;
        time = 0;
        return false;
    }

    /// <summary>Before the time: [cpu] and the latency column, if any; before them the task.</summary>
    private static bool TryReadTid(ReadOnlySpan<char> before, out int tid, out int pid)
    {
        tid = 0;
        ReadOnlySpan<char> word = LastWord(ref before);
        int bracket = before.IndexOf('[');
        if (word.Length is 4 or 5 && bracket >= 0 && word[0] != '[' && !word.ContainsAnyExceptInRange('#', 'z')
            && word.IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            word = LastWord(ref before);
        }

        if (word.StartsWith('[') && word.EndsWith(']'))
        {
            word = LastWord(ref before);
        }

        int slash = word.IndexOf('/');
        pid = slash > 0 && int.TryParse(word[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            ? process : 0;
        word = slash < 0 ? word : word[(slash + 1)..];
        return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out tid);
    }

    private static ReadOnlySpan<char> LastWord(ref ReadOnlySpan<char> text)
    {
        text = text.TrimEnd(' ');
        int space = text.LastIndexOf(' ');
        ReadOnlySpan<char> word = text[(space + 1)..];
        text = text[..Math.Max(0, space)];
        return word;
    }

    /// <summary>After the time: a period, if asked for; then subsystem:name: or PERF_RECORD_name.</summary>
    private static bool TryReadEvent(string line, int from, out string name, out int text)
    {
        name = "";
        text = 0;
        for (int words = 0; words < 2; words++)
        {
            while (from < line.Length && line[from] == ' ')
            {
                from++;
            }

            int end = from;
            while (end < line.Length && line[end] is not (' ' or '('))
            {
                end++;
            }

            ReadOnlySpan<char> word = line.AsSpan(from, end - from);
            if (word.StartsWith(RecordPrefix))
            {
                name = word.TrimEnd(':').ToString();
                text = end;
                return true;
            }

            if (word.EndsWith(':') && word.Length > 1)
            {
                name = word[..^1].ToString();
                text = end;
                return true;
            }

            if (!TryRead(word, out _))
            {
                return false;
            }

            from = end;
        }

        return false;
    }

    private static bool TryRead(ReadOnlySpan<char> digits, out long value) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
