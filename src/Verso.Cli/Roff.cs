using System.Text;

namespace Verso.Cli;

/// <summary>A page in the macros of man(7).</summary>
internal sealed class Roff
{
    private readonly StringBuilder _text = new();

    public override string ToString() => _text.ToString();

    internal static string Bold(string text) => $@"\fB{Escaped(text)}\fR";

    internal static string Italic(string text) => $@"\fI{Escaped(text)}\fR";

    internal void Title(string name, string date, string source) =>
        _text.Append($".TH {Escaped(name)} 1 {date} \"{Escaped(source)}\" \"User Commands\"\n");

    internal Roff Section(string name)
    {
        _text.Append($".SH {name}\n");
        return this;
    }

    internal void Text(string text) => Raw(Escaped(text));

    /// <summary>A line that holds what <see cref="Bold"/> and <see cref="Italic"/> made.</summary>
    internal void Raw(string line) => _text.Append(line[0] is '.' or '\'' ? @"\&" : "").Append(line).Append('\n');

    internal void Item(string head, string text)
    {
        _text.Append(".TP\n");
        Raw(head);
        Text(text);
    }

    /// <summary>An item within the last one.</summary>
    internal void SubItem(string head, string text)
    {
        _text.Append(".RS\n");
        Item(head, text);
        _text.Append(".RE\n");
    }

    /// <summary>Lines as they are.</summary>
    internal void Literal(IEnumerable<string> lines)
    {
        _text.Append(".nf\n");
        foreach (string line in lines)
        {
            Text(line);
        }

        _text.Append(".fi\n");
    }

    /// <summary>Other pages of section 1.</summary>
    internal void References(IReadOnlyList<string> pages)
    {
        for (int i = 0; i < pages.Count; i++)
        {
            _text.Append($".BR {Escaped(pages[i])} (1){(i < pages.Count - 1 ? "," : "")}\n");
        }
    }

    /// <summary>Characters that roff takes for its own, or prints as other ones.</summary>
    private static string Escaped(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => escaped.Append(@"\e"),
                '-' => escaped.Append(@"\-"),
                '\'' => escaped.Append(@"\(aq"),
                '`' => escaped.Append(@"\(ga"),
                '^' => escaped.Append(@"\(ha"),
                '~' => escaped.Append(@"\(ti"),
                '"' => escaped.Append(@"\(dq"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
