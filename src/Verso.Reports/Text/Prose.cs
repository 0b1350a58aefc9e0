using System.Text;
using System.Text.RegularExpressions;

namespace Verso.Reports.Text;

/// <summary>Sentences in lines, of at most 80 columns if nothing else is said.</summary>
public static partial class Prose
{
    /// <summary>Without a terminal.</summary>
    public const int Columns = 80;

    /// <summary>The same text, but what is longer than a line goes on below it, indented. No word is divided.</summary>
    public static string Fit(string text, int columns)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder fit = new(text.Length + 16);
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (Visible(line) <= columns)
            {
                fit.Append(line).Append('\n');
                continue;
            }

            string words = line.TrimStart(' ');
            string blanks = new(' ', line.Length - words.Length);
            Wrap(fit, blanks, words, blanks.Length + 2, columns);
        }

        return fit.ToString();
    }

    // Colours take no column.
    private static int Visible(string line)
    {
        int length = line.Length;
        for (int at = line.IndexOf('\e', StringComparison.Ordinal); at >= 0; at = line.IndexOf('\e', at + 1))
        {
            length -= line.IndexOf('m', at) - at + 1;
        }

        return length;
    }

    /// <summary>The end of a path says more than its beginning.</summary>
    internal static string Fitting(string text, int columns) =>
        text.Length <= columns ? text
        : columns <= 3 ? ""
        : "..." + text[^(columns - 3)..];

    /// <summary>Adds words in as many lines as they take, each ended; one word is never divided.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="first">What the first line begins with.</param>
    /// <param name="sentence">Words between single blanks.</param>
    /// <param name="indent">Blanks before the further lines.</param>
    /// <param name="columns">Of a line.</param>
    internal static void Wrap(
        StringBuilder text, string first, string sentence, int indent, int columns = Columns)
    {
        text.Append(first);
        int used = first.Length;
        bool isFresh = true;
        foreach (string word in BeforeUnit().Replace(sentence, "\0").Split(' ').Select(word => word.Replace('\0', ' ')))
        {
            if (!isFresh && used + 1 + word.Length > columns)
            {
                text.Append('\n').Append(' ', indent);
                used = indent;
                isFresh = true;
            }

            text.Append(isFresh ? "" : " ").Append(word);
            used += word.Length + (isFresh ? 0 : 1);
            isFresh = false;
        }

        text.Append('\n');
    }

    /// <summary>The blank in 13.9 KiB and in 100 %.</summary>
    [GeneratedRegex(@"(?<=\d) (?=([KMGT]i)?B\b|%)", RegexOptions.CultureInvariant)]
    private static partial Regex BeforeUnit();
}
