using System.Globalization;
using Verso.Lab.Stepping;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>The steps of a session on a terminal, by keys.</summary>
internal sealed class StepScreen(StepSession session, LiveScreen screen, Palette palette)
{
    private const string Keys =
        "→ next ← back  N⏎ go to N  f F fork  m M merge  r R refused  e E error  ↑↓ ? q";

    private static readonly (char Key, StepMarks Mark)[] s_marks =
        [('f', StepMarks.Fork), ('m', StepMarks.Merge), ('r', StepMarks.Refusal), ('e', StepMarks.Error)];

    private string _typed = "";
    private string _said = "";
    private bool _showsLegend;
    private int _from;

    internal void Run(CancellationToken token)
    {
        screen.Show(Render);
        while (screen.Await(Timeout.InfiniteTimeSpan, token, out ConsoleKeyInfo key) == LiveEvent.Key
            && key.KeyChar is not ('q' or 'Q'))
        {
            _said = "";
            Press(key);
            screen.Show(Render);
        }
    }

    private void Press(ConsoleKeyInfo key)
    {
        if (char.IsAsciiDigit(key.KeyChar))
        {
            _typed = _typed.Length < 12 ? _typed + key.KeyChar : _typed;
            return;
        }

        string typed = _typed;
        _typed = "";
        switch (key.Key)
        {
            case ConsoleKey.Enter when typed.Length > 0:
                Say(session.GoTo(long.Parse(typed, CultureInfo.InvariantCulture)), "this is the last step");
                break;
            case ConsoleKey.RightArrow or ConsoleKey.Enter or ConsoleKey.Spacebar or ConsoleKey.N or ConsoleKey.L:
                Say(session.Forward(), "this is the last step");
                break;
            case ConsoleKey.Backspace when typed.Length > 0:
                _typed = typed[..^1];
                break;
            case ConsoleKey.LeftArrow or ConsoleKey.Backspace or ConsoleKey.P or ConsoleKey.B or ConsoleKey.H:
                Say(session.Backward(), "this is the first step");
                break;
            case ConsoleKey.Home:
                session.GoTo(1);
                break;
            case ConsoleKey.End:
                session.GoToEnd();
                break;
            case ConsoleKey.DownArrow or ConsoleKey.J or ConsoleKey.PageDown:
                _from += key.Key == ConsoleKey.PageDown ? Room : 1;
                return;
            case ConsoleKey.UpArrow or ConsoleKey.K or ConsoleKey.PageUp:
                _from -= key.Key == ConsoleKey.PageUp ? Room : 1;
                return;
            default:
                PressLetter(key.KeyChar);
                break;
        }
    }

    private void PressLetter(char letter)
    {
        if (letter == '?')
        {
            _showsLegend = !_showsLegend;
        }

        foreach ((char key, StepMarks mark) in s_marks)
        {
            string name = Kebab.Of(mark.ToString());
            if (letter == key)
            {
                Say(session.FindNext(mark), $"no later {name}");
            }
            else if (letter == char.ToUpperInvariant(key))
            {
                Say(session.FindPrevious(mark), $"no earlier {name}");
            }
        }
    }

    private static int Room => Math.Max(LiveScreen.Height - 1, 1);

    private void Say(bool isDone, string otherwise) => _said = isDone ? "" : otherwise;

    private string Render()
    {
        int width = LiveScreen.Width;
        string text = StepText.Render(session.Views, session.Total, width, palette);
        string[] lines = text.TrimEnd('\n').Split('\n');
        string[] legend = _showsLegend ? Prose.Fit(StepText.Legend, width).TrimEnd('\n').Split('\n') : [];
        int room = Math.Max(Room - legend.Length, 1);
        _from = Math.Clamp(_from, 0, Math.Max(lines.Length - room, 0));
        IEnumerable<string> shown = lines.Skip(_from).Take(room);
        int left = lines.Length - _from - room;
        string last = _typed.Length > 0 ? $"go to step {_typed}"
            : _said.Length > 0 ? _said
            : left > 0 ? $"{Keys}  {left} below"
            : Keys;
        string blank = new('\n', Math.Max(room - lines.Length, 0));
        return string.Join('\n', shown) + blank + string.Concat(legend.Select(line => "\n" + line)) + "\n"
            + palette.Name(last.Length <= width ? last : last[..width]);
    }
}
