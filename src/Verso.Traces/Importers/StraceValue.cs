using System.Globalization;
using System.Text;

namespace Verso.Traces.Importers;

/// <summary>Reads one argument of a call as strace prints it.</summary>
internal static class StraceValue
{
    /// <summary>
    /// A number, a name, or several joined by <c>|</c>; a comment, an argument name (<c>length=</c>) and what -y adds
    /// to a descriptor are left aside. A string or a structure is 0. False for a name that is not known.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ulong value)
    {
        value = 0;
        text = WithoutName(WithoutComment(text)).Trim();
        if (text.IsEmpty)
        {
            return false;
        }

        if (text[0] is '"' or '[' or '{' or '@')
        {
            return true;
        }

        foreach (Range part in text.Split('|'))
        {
            if (!TryParseTerm(text[part].Trim(), out ulong term))
            {
                return false;
            }

            value |= term;
        }

        return true;
    }

    /// <summary>A descriptor and, with -y, the path behind it; null if the text has none.</summary>
    public static bool TryParseDescriptor(ReadOnlySpan<char> text, out int descriptor, out string? path)
    {
        text = WithoutName(text).Trim();
        path = null;
        int open = text.IndexOf('<');
        ReadOnlySpan<char> number = open < 0 ? WithoutComment(text).Trim() : text[..open];
        bool isNumber = TryParseNumber(number, out ulong value);
        descriptor = (int)value;
        if (open >= 0)
        {
            int close = CloseOf(text, open);
            path = close > open ? Unescape(text[(open + 1)..close]) : null;
        }

        return isNumber;
    }

    /// <summary>Decimal, hexadecimal with 0x, octal with a leading 0; a sign.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> text, out ulong value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        if (text.Length > 1 && text[0] == '0')
        {
            return TryParseOctal(text, out value);
        }

        if (text.StartsWith('-'))
        {
            bool isNumber = long.TryParse(
                text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long signed);
            value = (ulong)signed;
            return isNumber;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The text of a string argument without its quotes.</summary>
    public static string Text(ReadOnlySpan<char> text)
    {
        text = WithoutName(text).Trim();
        int from = text.IndexOf('"');
        int to = text.LastIndexOf('"');
        return from >= 0 && to > from ? Unescape(text[(from + 1)..to]) : "";
    }

    /// <summary>The place of the <c>&gt;</c> that ends what -y wrote, brackets within it paired; -1 if none.</summary>
    public static int CloseOf(ReadOnlySpan<char> text, int open)
    {
        int depth = 0;
        for (int at = open; at < text.Length; at++)
        {
            if (text[at] == '<')
            {
                depth++;
            }
            else if (text[at] == '>' && text[at - 1] != '-' && --depth == 0)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Whether a character may stand in the name of a call or of an argument.</summary>
    public static bool IsOfName(char value) =>
        char.IsAsciiLetterLower(value) || char.IsAsciiDigit(value) || value == '_';

    private static bool TryParseTerm(ReadOnlySpan<char> text, out ulong value)
    {
        int shift = text.IndexOf("<<");
        if (shift > 0)
        {
            ReadOnlySpan<char> count = text[(shift + 2)..];
            bool sound = TryParseNumber(text[..shift], out ulong left)
                & (TryParseNumber(count, out ulong right) || LinuxConstants.TryFind(count, out right));
            value = sound && right < 64 ? left << (int)right : 0;
            return sound && right < 64;
        }

        int annotation = text.IndexOf('<');
        text = annotation > 0 ? text[..annotation] : text;
        return TryParseNumber(text, out value) || LinuxConstants.TryFind(text, out value);
    }

    private static bool TryParseOctal(ReadOnlySpan<char> text, out ulong value)
    {
        value = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    private static ReadOnlySpan<char> WithoutComment(ReadOnlySpan<char> text)
    {
        int comment = text.IndexOf("/*");
        return comment < 0 ? text : text[..comment];
    }

    private static ReadOnlySpan<char> WithoutName(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        int at = 0;
        while (at < text.Length && IsOfName(text[at]))
        {
            at++;
        }

        bool isName = at > 0 && at < text.Length && text[at] == '=' && char.IsAsciiLetterLower(text[0]);
        return isName ? text[(at + 1)..] : text;
    }

    /// <summary>strace writes bytes that are not printable as \ooo.</summary>
    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
        {
            return text.ToString();
        }

        List<byte> bytes = [];
        for (int at = 0; at < text.Length; at++)
        {
            int digits = 0;
            while (text[at] == '\\' && digits < 3 && at + 1 + digits < text.Length
                && text[at + 1 + digits] is >= '0' and <= '7')
            {
                digits++;
            }

            if (digits > 0 && TryParseOctal(text.Slice(at + 1, digits), out ulong value))
            {
                bytes.Add((byte)value);
                at += digits;
            }
            else if (text[at] != '\\' || at + 1 == text.Length)
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[at].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
