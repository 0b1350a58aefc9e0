using System.Globalization;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Rendering;

/// <summary>Cells as people read them, and as programs do.</summary>
public static class CellText
{
    private const double SmallestShown = 0.05;

    /// <summary>In its unit, for people; <c>-</c> where there is nothing.</summary>
    /// <param name="cell">It.</param>
    /// <param name="column">Its column.</param>
    /// <param name="isBrief">Bytes as 25.3K, as beside differences.</param>
    public static string Of(Cell cell, Column column, bool isBrief = false)
    {
        ArgumentNullException.ThrowIfNull(column);
        return cell.Text is string text ? Printable.Of(text)
            : cell.Number is double number ? Shown(number, cell.Count, cell.Unit ?? column.Unit, isBrief)
            : "-";
    }

    /// <summary>What is said in lines, as a sentence of one.</summary>
    /// <param name="note">It.</param>
    public static string OnOneLine(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        return Printable.Of(note.Replace("\n", "; ", StringComparison.Ordinal));
    }

    /// <summary>
    /// The difference from another cell with its sign: <c>+1,234</c>, <c>-12.0 KiB</c>; <c>=</c> where there is none.
    /// </summary>
    public static string Difference(Cell cell, Cell other, Column column)
    {
        ArgumentNullException.ThrowIfNull(column);
        if (cell.Number is not double number || other.Number is not double reference)
        {
            return Of(cell, column, isBrief: true);
        }

        double difference = number - reference;
        long? whole = cell.Count is long count && other.Count is long compared ? Math.Abs(count - compared) : null;
        return difference == 0 || (cell.Real is not null && Math.Abs(difference) < SmallestShown)
            ? "="
            : (difference > 0 ? "+" : "-")
                + Shown(Math.Abs(difference), whole, cell.Unit ?? column.Unit, isBrief: true);
    }

    /// <summary>As files have it: digits, a point, no unit; empty where there is nothing.</summary>
    public static string Plain(Cell cell) => cell.Text is string text ? Printable.Of(text)
        : cell.Count is long count ? count.ToString(CultureInfo.InvariantCulture)
        : cell.Real is double real ? real.ToString("R", CultureInfo.InvariantCulture)
        : "";

    private static string Shown(double number, long? count, Unit unit, bool isBrief) => unit switch
    {
        Unit.Bytes => isBrief ? Figures.BriefBytes(count ?? (long)number) : Figures.Bytes(count ?? (long)number),
        Unit.Nanoseconds => Figures.Duration(count ?? (long)number),
        Unit.Ratio when isBrief && number >= 100 =>
            Figures.Count((long)Math.Round(number, MidpointRounding.AwayFromZero)),
        Unit.Ratio => Figures.Ratio(number),
        Unit.Seconds => number.ToString("F3", CultureInfo.InvariantCulture),
        Unit.Address => string.Create(CultureInfo.InvariantCulture, $"{(ulong)(count ?? 0):x}"),
        _ => count is long whole ? Figures.Count(whole) : number.ToString("R", CultureInfo.InvariantCulture),
    };
}
