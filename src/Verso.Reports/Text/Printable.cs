using System.Globalization;
using System.Text;

namespace Verso.Reports.Text;

/// <summary>
/// Text that somebody else wrote (names and contents of files, command lines, names of processes), fit for a terminal.
/// All of it is printed through here.
/// </summary>
public static class Printable
{
    /// <summary>
    /// The text on one line that moves no cursor and has the order in which it is read: control characters (C0, DEL,
    /// C1), line and paragraph separators, bidirectional controls and unpaired surrogates are written as escapes of C#.
    /// </summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int first = FindUnfit(text, 0);
        if (first < 0)
        {
            return text;
        }

        StringBuilder shown = new(text.Length + 16);
        int done = 0;
        for (int at = first; at >= 0; at = FindUnfit(text, done))
        {
            shown.Append(text, done, at - done).Append(Escape(text[at]));
            done = at + 1;
        }

        return shown.Append(text, done, text.Length - done).ToString();
    }

    /// <summary>The same of text whose line ends are to stay.</summary>
    public static string Lines(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Join('\n', text.Split('\n').Select(Of));
    }

    /// <summary>
    /// The same of JSON, which stays JSON: outside its strings there are none of these characters but line ends.
    /// </summary>
    public static string Json(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        StringBuilder shown = new(json.Length);
        foreach (char letter in json)
        {
            bool isFit = letter == '\n' || !(char.IsControl(letter) || IsLayout(letter));
            _ = isFit
                ? shown.Append(letter)
                : shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
        }

        return shown.ToString();
    }

    private static int FindUnfit(string text, int from)
    {
        for (int at = from; at < text.Length; at++)
        {
            char letter = text[at];
            if (char.IsHighSurrogate(letter) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
            }
            else if (char.IsControl(letter) || char.IsSurrogate(letter) || IsLayout(letter))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Ends a line, or changes the direction of what follows.</summary>
    private static bool IsLayout(char letter) => letter is '\u2028' or '\u2029' or '\u061c' or '\u200e' or '\u200f'
        or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static string Escape(char letter) => letter switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\e' => "\\e",
        _ => string.Create(
            CultureInfo.InvariantCulture, $"\\{(letter < 0x100 ? 'x' : 'u')}{(int)letter:x2}"),
    };
}
