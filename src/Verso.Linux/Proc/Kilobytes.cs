using System.Globalization;

namespace Verso.Linux.Proc;

/// <summary>Figures of /proc as they are printed: <c>12 kB</c>.</summary>
internal static class Kilobytes
{
    private const long BytesOfOne = 1024;

    /// <summary>The bytes of a figure; false for what is none, or for more than a long holds.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        var number = text.EndsWith(" kB") ? text[..^3] : text;
        var isNumber = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes)
            && kilobytes <= long.MaxValue / BytesOfOne;
        bytes = isNumber ? kilobytes * BytesOfOne : 0;
        return isNumber;
    }
}
