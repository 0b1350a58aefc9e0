using System.Globalization;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Fidelity;

namespace Verso.Reports.Text;

/// <summary>Numbers as people read them; the same everywhere, whatever the locale.</summary>
public static class Figures
{
    /// <summary>What one decimal would round to 1024.0.</summary>
    private const double LeastOfNextUnit = 1023.95;

    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    /// <summary>1,234,567.</summary>
    public static string Count(long value) => value.ToString("N0", s_culture);

    /// <summary>The name of a design's own figure; of state, what is shown is its peak.</summary>
    public static string NameOf(in DesignFigure figure) =>
        figure.Kind == FigureKind.State ? $"{figure.Name}, peak" : figure.Name;

    /// <summary>12 B, 3.4 KiB, 5.6 MiB, 7.8 GiB.</summary>
    public static string Bytes(long value)
    {
        (double scaled, int unit) = Scaled(value);
        return unit == 0 ? string.Create(s_culture, $"{value} B")
            : string.Create(s_culture, $"{scaled:F1} {"BKMGT"[unit]}iB");
    }

    /// <summary>12, 3.4K, 5.6M, 7.8G: the same for narrow tables, which say that these are bytes.</summary>
    public static string BriefBytes(long value)
    {
        (double scaled, int unit) = Scaled(value);
        return unit == 0 ? string.Create(s_culture, $"{value}")
            : string.Create(s_culture, $"{scaled:F1}{"BKMGT"[unit]}");
    }

    private static (double Scaled, int Unit) Scaled(long value)
    {
        double scaled = value;
        int unit = 0;
        while (scaled >= (unit == 0 ? 1024 : LeastOfNextUnit) && unit < 4)
        {
            scaled /= 1024;
            unit++;
        }

        return (scaled, unit);
    }

    /// <summary>1,234.5: so many a time.</summary>
    public static string Ratio(double value) => value.ToString("N1", s_culture);

    /// <summary>850 µs, 12.3 ms, 4.56 s.</summary>
    public static string Duration(long nanoseconds) => nanoseconds switch
    {
        < 999_500 => string.Create(s_culture, $"{nanoseconds / 1e3:F0} µs"),
        < 999_950_000 => string.Create(s_culture, $"{nanoseconds / 1e6:F1} ms"),
        _ => string.Create(s_culture, $"{nanoseconds / 1e9:F2} s"),
    };

    /// <summary>
    /// 2026-11-21 14:00:19 UTC, of seconds since 1970. A file may say anything: what no calendar has is as early or as
    /// late as it goes.
    /// </summary>
    public static string Moment(long unixSeconds)
    {
        long shown = Math.Clamp(
            unixSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return string.Create(s_culture, $"{DateTimeOffset.FromUnixTimeSeconds(shown):yyyy-MM-dd HH:mm:ss} UTC");
    }

    /// <summary>100 % only where really all agree; 99.99 % at most otherwise.</summary>
    public static string Percent(Agreement agreement)
    {
        if (agreement.IsFull)
        {
            return "100 %";
        }

        double percent = Math.Min(Math.Floor(agreement.Share * 10_000) / 100, 99.99);
        return string.Create(s_culture, $"{percent:F2} %");
    }

    /// <summary>99.50 % (199 of 200).</summary>
    public static string Agreement(Agreement agreement) =>
        $"{Percent(agreement)} ({Count(agreement.Matched)} of {Count(agreement.Total)})";

    /// <summary>One thing, or several: <c>1 process</c>, <c>2 processes</c>.</summary>
    public static string Plural(long count, string one, string many) => $"{Count(count)} {Noun(count, one, many)}";

    /// <summary>The noun alone, for numbers that are written without separators.</summary>
    public static string Noun(long count, string one, string many) => count == 1 ? one : many;
}
