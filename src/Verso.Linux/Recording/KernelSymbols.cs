using System.Globalization;

namespace Verso.Linux.Recording;

/// <summary>Where a function of the kernel lies, from /proc/kallsyms.</summary>
internal static class KernelSymbols
{
    private const string Source = "/proc/kallsyms";

    /// <summary>
    /// The text of a function: from its symbol to the next one. Throws <see cref="RecorderUnavailableException"/>
    /// where the kernel has no such symbol or hides its address.
    /// </summary>
    internal static (ulong Start, ulong Length) Find(string function)
    {
        var start = 0UL;
        var next = ulong.MaxValue;
        using var lines = File.ReadLines(Source).GetEnumerator();
        while (lines.MoveNext() && start == 0)
        {
            var line = lines.Current.AsSpan();
            if (line.Length > 19 && line[19..].SequenceEqual(function))
            {
                start = Address(line);
                if (start == 0)
                {
                    throw new RecorderUnavailableException(
                        $"{Source} hides addresses; run as root with sysctl kernel.kptr_restrict=1 or 0");
                }
            }
        }

        if (start == 0)
        {
            throw new RecorderUnavailableException($"this kernel has no symbol {function} in {Source}");
        }

        // The file is sorted within the kernel's text, but modules and BPF follow in any order.
        foreach (var line in File.ReadLines(Source))
        {
            var address = Address(line);
            if (address > start && address < next)
            {
                next = address;
            }
        }

        return (start, next - start);
    }

    private static ulong Address(ReadOnlySpan<char> line) =>
        ulong.TryParse(line[..16], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var address)
            ? address
            : 0;
}
