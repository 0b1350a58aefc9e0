using System.Globalization;

namespace Verso.Traces.Importers;

/// <summary>What stands before the call in a line of strace: which task, and when.</summary>
/// <param name="Tid">The task; 0 if the line does not say.</param>
/// <param name="Time">In nanoseconds; -1 if the line does not say.</param>
/// <param name="Clock">What the time counts from.</param>
/// <param name="Body">Where the rest begins.</param>
internal readonly record struct StraceLine(int Tid, long Time, StraceClock Clock, int Body)
{
    private const long FirstWallSecond = 100_000_000;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Reads the prefixes of -f, -Y, -o, -r, -t, -tt and -ttt, in the order strace writes them.</summary>
    public static StraceLine Read(ReadOnlySpan<char> line)
    {
        int at = Spaces(line, 0);
        int tid = ReadTask(line, ref at);
        long time = -1;
        StraceClock clock = StraceClock.None;
        int end = EndOfWord(line, at);
        if (TryReadTime(line[at..end], out long value, out StraceClock found))
        {
            (time, clock) = (value, found);
            at = Spaces(line, end);

            // -r beside another clock: (+     0.000123)
            int close = line[at..].StartsWith("(+") ? line[at..].IndexOf(')') : -1;
            at = close < 0 ? at : Spaces(line, at + close + 1);
        }

        return new StraceLine(tid, time, clock, at);
    }

    private static int ReadTask(ReadOnlySpan<char> line, ref int at)
    {
        if (line[at..].StartsWith("[pid "))
        {
            int close = line[at..].IndexOf("] ");
            int from = Spaces(line, at + 5);
            int digits = Digits(line, from);
            if (close > 0 && TryRead(line[from..digits], out long pid) && pid <= int.MaxValue)
            {
                at = Spaces(line, at + close + 1);
                return (int)pid;
            }

            return 0;
        }

        int end = Digits(line, at);
        int next = end;
        if (end > at && end < line.Length && line[end] == '<')
        {
            int close = line[end..].IndexOf("> ");
            next = close < 0 ? end : end + close + 1;
        }

        if (end > at && next < line.Length && line[next] == ' '
            && int.TryParse(line[at..end], NumberStyles.None, CultureInfo.InvariantCulture, out int tid))
        {
            at = Spaces(line, next);
            return tid;
        }

        return 0;
    }

    private static bool TryReadTime(ReadOnlySpan<char> word, out long time, out StraceClock clock)
    {
        time = 0;
        clock = StraceClock.None;
        long seconds;
        int fraction = word.IndexOf('.');
        ReadOnlySpan<char> whole = fraction < 0 ? word : word[..fraction];
        if (whole.Length == 8 && whole[2] == ':' && whole[5] == ':')
        {
            if (!TryRead(whole[..2], out long hours) || !TryRead(whole[3..5], out long minutes)
                || !TryRead(whole[6..], out seconds))
            {
                return false;
            }

            seconds += (hours * 3600) + (minutes * 60);
            clock = StraceClock.Day;
        }
        else if (TryRead(whole, out seconds) && seconds < long.MaxValue / NanosecondsPerSecond)
        {
            clock = seconds >= FirstWallSecond ? StraceClock.Wall : StraceClock.Relative;
        }
        else
        {
            return false;
        }

        long nanoseconds = 0;
        if (fraction >= 0)
        {
            ReadOnlySpan<char> digits = word[(fraction + 1)..];
            if (digits.Length is 0 or > 9 || !TryRead(digits, out nanoseconds))
            {
                return false;
            }

            for (int place = digits.Length; place < 9; place++)
            {
                nanoseconds *= 10;
            }
        }

        time = (seconds * NanosecondsPerSecond) + nanoseconds;
        return true;
    }

    private static bool TryRead(ReadOnlySpan<char> digits, out long value) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static int Spaces(ReadOnlySpan<char> line, int at)
    {
        while (at < line.Length && line[at] == ' ')
        {
            at++;
        }

        return at;
    }

    private static int Digits(ReadOnlySpan<char> line, int at)
    {
        while (at < line.Length && char.IsAsciiDigit(line[at]))
        {
            at++;
        }

        return at;
    }

    private static int EndOfWord(ReadOnlySpan<char> line, int at)
    {
        int space = line[at..].IndexOf(' ');
        return space < 0 ? line.Length : at + space;
    }
}

/// <summary>What the times of a text count from.</summary>
internal enum StraceClock
{
    None = 0,

    /// <summary>1970 (-ttt).</summary>
    Wall = 1,

    /// <summary>Midnight (-t, -tt).</summary>
    Day = 2,

    /// <summary>The line before (-r).</summary>
    Relative = 3,
}
