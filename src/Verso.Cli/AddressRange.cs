using System.Globalization;
using Verso.Lab.Explain;

namespace Verso.Cli;

/// <summary>What was given for --at.</summary>
/// <param name="Low">The first byte address.</param>
/// <param name="High">The last one; null for a single address.</param>
internal sealed record AddressRange(ulong Low, ulong? High)
{
    internal static AddressRange Parse(string text)
    {
        string[] parts = text.Split('-');
        ulong low = Address(parts[0], text);
        if (parts.Length == 1)
        {
            return new AddressRange(low, null);
        }

        ulong end = parts.Length == 2 ? Address(parts[1], text) : 0;
        return end > low
            ? new AddressRange(low, end - 1)
            : throw new UsageException($"'{text}' is not a range: it ends before it begins");
    }

    internal SpaceStrip Of(SpaceExplanation explanation) => High is ulong high
        ? SpaceStrip.Within(explanation, Low, high)
        : SpaceStrip.Around(explanation, Low);

    private static ulong Address(string digits, string text)
    {
        ReadOnlySpan<char> number = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? digits.AsSpan(2) : digits;
        return ulong.TryParse(
            number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)
            ? address
            : throw new UsageException($"'{text}' is not an address: use hexadecimal digits, such as 7f2c40000000");
    }
}
