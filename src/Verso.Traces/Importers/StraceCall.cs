namespace Verso.Traces.Importers;

/// <summary>A whole call of strace's output taken apart: <c>name(arguments) = result</c>.</summary>
internal sealed class StraceCall
{
    private readonly List<Range> _arguments = [];

    public string Text { get; private set; } = "";

    public int NameLength { get; private set; }

    public ReadOnlySpan<char> Name => Text.AsSpan(0, NameLength);

    public int ArgumentCount => _arguments.Count;

    /// <summary>Whether the text holds a result; <c>?</c> is none.</summary>
    public bool HasResult { get; private set; }

    /// <summary>The value, or the negated number of the error.</summary>
    public long Result { get; private set; }

    /// <summary>strace put the result in the place of the call.</summary>
    public bool IsInjected { get; private set; }

    /// <summary>What stands after the equals sign.</summary>
    public string ResultText { get; private set; } = "";

    /// <summary>An argument as written; empty if there is none.</summary>
    public ReadOnlySpan<char> Argument(int at) =>
        at < _arguments.Count ? Text.AsSpan()[_arguments[at]].Trim() : default;

    /// <summary>The name before the first parenthesis; empty if the text is no call.</summary>
    public static ReadOnlySpan<char> NameOf(ReadOnlySpan<char> text)
    {
        int at = 0;
        while (at < text.Length && StraceValue.IsOfName(text[at]))
        {
            at++;
        }

        return at > 0 && at < text.Length && text[at] == '(' ? text[..at] : default;
    }

    /// <summary>Takes a text apart; false if it is no whole call.</summary>
    public bool TryParse(string text)
    {
        Text = text;
        _arguments.Clear();
        NameLength = NameOf(text).Length;
        if (NameLength == 0)
        {
            return false;
        }

        int end = SplitArguments(text, NameLength + 1);
        if (end < 0)
        {
            return false;
        }

        ReadOnlySpan<char> rest = text.AsSpan(end + 1).TrimStart();
        if (rest.IsEmpty || rest[0] != '=')
        {
            return false;
        }

        return TryParseResult(rest[1..].TrimStart());
    }

    /// <summary>
    /// Splits at the commas of the outermost level; returns the place of the closing parenthesis or -1.
    /// </summary>
    private int SplitArguments(string text, int from)
    {
        int depth = 0;
        int start = from;
        for (int at = from; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '"':
                    at = EndOfString(text, at);
                    break;
                case '/' when at + 1 < text.Length && text[at + 1] == '*':
                    int end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                    at = end < 0 ? at : end + 1;
                    break;
                case '<' when IsAnnotation(text, at):
                    int close = StraceValue.CloseOf(text, at);
                    at = close < 0 ? at : close;
                    break;
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' when depth == 0:
                    AddArgument(text, start, at);
                    return at;
                case ')' or ']' or '}':
                    depth--;
                    break;
                case ',' when depth == 0:
                    AddArgument(text, start, at);
                    start = at + 1;
                    break;
                default:
                    break;
            }
        }

        return -1;
    }

    private void AddArgument(string text, int start, int end)
    {
        if (_arguments.Count > 0 || !string.IsNullOrWhiteSpace(text[start..end]))
        {
            _arguments.Add(start..end);
        }
    }

    /// <summary>After a descriptor or AT_FDCWD, and no shift.</summary>
    private static bool IsAnnotation(string text, int at) =>
        (char.IsAsciiDigit(text[at - 1]) || text[at - 1] == 'D') && (at + 1 == text.Length || text[at + 1] != '<');

    private static int EndOfString(string text, int at)
    {
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            at += text[at] == '\\' ? 1 : 0;
        }

        return at;
    }

    private bool TryParseResult(ReadOnlySpan<char> text)
    {
        ResultText = text.ToString();
        IsInjected = text.Contains("(INJECTED", StringComparison.Ordinal);
        HasResult = !text.StartsWith('?');
        Result = 0;
        if (!HasResult)
        {
            return true;
        }

        int length = text.IndexOfAny(' ', '<');
        ReadOnlySpan<char> number = length < 0 ? text : text[..length];
        if (!StraceValue.TryParseNumber(number, out ulong value))
        {
            return false;
        }

        Result = (long)value;
        ReadOnlySpan<char> rest = length < 0 ? default : text[length..].TrimStart();
        if (Result == -1 && rest.StartsWith('E'))
        {
            int name = rest.IndexOf(' ');
            Result = -LinuxConstants.ErrorOf(name < 0 ? rest : rest[..name]);
        }

        return true;
    }
}
