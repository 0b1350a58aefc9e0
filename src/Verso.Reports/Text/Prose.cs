using System.Text;

namespace Verso.Reports.Text;

/// <summary>Sentences in lines of at most 80 columns.</summary>
internal static class Prose
{
    private const int Columns = 80;

    /// <summary>Adds words in as many lines as they take, each ended; one word is never divided.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="first">What the first line begins with.</param>
    /// <param name="sentence">Words between single blanks.</param>
    /// <param name="indent">Blanks before the further lines.</param>
    internal static void Wrap(StringBuilder text, string first, string sentence, int indent)
    {
        text.Append(first);
        int used = first.Length;
        bool isFresh = true;
        foreach (string word in sentence.Split(' '))
        {
            if (!isFresh && used + 1 + word.Length > Columns)
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
}
