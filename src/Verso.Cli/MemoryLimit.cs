using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Verso.Engine;

namespace Verso.Cli;

/// <summary>The option that bounds what machines may take of memory.</summary>
internal static class MemoryLimit
{
    private static readonly string[] s_units = ["", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>In bytes.</summary>
    internal static Option<long> Option() => new("--memory-limit")
    {
        Description = "memory limit of each engine instance, in bytes or KiB, MiB, GiB or TiB "
            + $"(default: {Text(MemoryBudget.DefaultLimitBytes)})",
        CustomParser = Parse,
        HelpName = "SIZE",
    };

    /// <summary>What was asked for, or the default.</summary>
    internal static long Of(ParseResult parsed, Option<long> option) =>
        parsed.Has(option) ? parsed.GetValue(option) : MemoryBudget.DefaultLimitBytes;

    private static string Text(long bytes)
    {
        int unit = 0;
        for (; bytes % 1024 == 0 && unit < s_units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return $"{bytes}{s_units[unit]}";
    }

    private static long Parse(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        int unit = Math.Max(Array.FindLastIndex(s_units, text.EndsWith), 0);
        string number = text[..^s_units[unit].Length].TrimEnd();
        int shift = 10 * unit;
        if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            && value > 0 && value <= long.MaxValue >> shift)
        {
            return value << shift;
        }

        result.AddError($"--memory-limit takes a size such as 512MiB or 4GiB, not '{text}'");
        return 0;
    }
}
