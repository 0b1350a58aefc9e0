namespace Verso.Reports.Text;

/// <summary>Text from a file that somebody else made, fit for a terminal.</summary>
public static class Printable
{
    /// <summary>The text with a blank for each control character: no line ends, no escape sequences.</summary>
    public static string Of(string text) => text.AsSpan().ContainsAnyInRange('\0', '\u001f')
        || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f')
            ? new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)])
            : text;
}
