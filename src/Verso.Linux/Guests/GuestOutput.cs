using System.Globalization;

namespace Verso.Linux.Guests;

/// <summary>What a guest's command wrote to its standard output, and how it ended.</summary>
/// <param name="Text">Its output.</param>
/// <param name="ExitStatus">As a shell has it: 128 and the signal for one that was killed.</param>
public sealed record GuestOutput(string Text, int ExitStatus)
{
    /// <summary>Reads what came over the second serial line; null if its last line does not say how it ended.</summary>
    internal static GuestOutput? Parse(string received)
    {
        var text = received.Replace("\r\n", "\n", StringComparison.Ordinal);
        var at = text.LastIndexOf(GuestInit.StatusMark, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var line = text[(at + GuestInit.StatusMark.Length)..];
        if (line.Length < 9 || line[8] != '\n'
            || !uint.TryParse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var status))
        {
            return null;
        }

        var signal = (int)(status & 0x7f);
        return new GuestOutput(text[..at], signal != 0 ? 128 + signal : (int)(status >> 8 & 0xff));
    }

    /// <summary>
    /// Why a guest ended before its command did, or what its command complained of: from the text of its console.
    /// Empty if it does not say.
    /// </summary>
    internal static string FindComplaint(string console)
    {
        string[] lines =
        [
            .. console.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Replace("\e[K", "", StringComparison.Ordinal).Trim()),
        ];
        return lines.LastOrDefault(line => line.StartsWith("verso", StringComparison.Ordinal))
            ?? lines.FirstOrDefault(line => line.Contains("Kernel panic", StringComparison.Ordinal))
            ?? lines.LastOrDefault(line => line.Length > 0)
            ?? "";
    }
}
