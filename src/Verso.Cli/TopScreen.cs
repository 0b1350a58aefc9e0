using System.Diagnostics;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Lab.Words;
using Verso.Linux.Graph;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>
/// What verso top shows on a terminal, and what its keys do: a list, help, or why a process has its VMAs.
/// </summary>
internal sealed class TopScreen(Surroundings surroundings, TopSource source, TopOrder order, string filter, int limit)
{
    private const string Keys = """
        Keys of verso top

          Up Down k j          choose a process; PgUp PgDn Home End too
          Enter                why it has so many VMAs
          /                    show only what has a text in its name, unit or id:
                               Enter keeps it, Esc shows all again
          v                    sort by VMAs: who is nearest to vm.max_map_count
          g                    sort by growth, in VMAs a second
          b a c                sort by bytes, by anon_vmas, by chains
          l w p                sort by the longest chain, the widest tree, the id
          Space                look again now
          ? h                  this help; Esc or q leaves it
          q Ctrl-C             end
        """;

    private TopView? _whole;
    private TopView? _view;
    private TopOrder _order = order;
    private string _filter = filter;
    private (int Pid, ulong Start)? _chosen;
    private int _first;
    private int _scroll;
    private bool _isTyping;
    private string? _page;

    private enum Turn
    {
        GoOn,
        LookAgain,
        End,
    }

    private IReadOnlyList<TopRow> Rows => _view!.Rows;

    private int Page => Math.Max(Math.Min(limit, LiveScreen.Height - TopText.HeadLines - 1), 1);

    private int Selected => Math.Max(
        _chosen is { } chosen ? Rows.ToList().FindIndex(row => (row.Pid, row.StartNanoseconds) == chosen) : 0, 0);

    /// <summary>Takes a new view, and gives what is to be shown.</summary>
    internal Func<string> Show(TopView view)
    {
        _whole = view;
        Arrange();
        return Render;
    }

    /// <summary>Acts on keys until it is time to look again.</summary>
    /// <returns>Whether it is over: q, a signal, or <paramref name="token"/>.</returns>
    internal bool Rest(LiveScreen screen, TimeSpan interval, CancellationToken token)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            TimeSpan left = interval - Stopwatch.GetElapsedTime(begin);
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            LiveEvent happened = screen.Await(left, token, out ConsoleKeyInfo key);
            if (happened != LiveEvent.Key)
            {
                return happened == LiveEvent.Over;
            }

            Turn turn = TurnOf(key);
            if (turn != Turn.GoOn)
            {
                return turn == Turn.End;
            }

            screen.Show(Render);
        }
    }

    private Turn TurnOf(ConsoleKeyInfo key) => _isTyping ? Type(key) : _page is not null ? Turned(key) : Do(key);

    private void Arrange() => _view = _whole!.By(_order).With(_filter);

    private string Render()
    {
        if (_page is not null)
        {
            string[] lines = Prose.Fit(_page, Math.Max(LiveScreen.Width, 1)).TrimEnd('\n').Split('\n');
            int room = Math.Max(LiveScreen.Height - 1, 1);
            _scroll = Math.Clamp(_scroll, 0, Math.Max(lines.Length - room, 0));
            string more = _scroll + room < lines.Length ? "Down for more, " : "";
            return string.Join('\n', lines.Skip(_scroll).Take(room)) + $"\n{more}Esc back";
        }

        int selected = Selected;
        _first = Math.Clamp(_first, Math.Max(selected - Page + 1, 0), selected);
        string hint = _isTyping ? $"filter: {Printable.Of(_filter)}_"
            : $"by {Kebab.Of(_order.ToString())}; Enter explains, / filters, ? helps, q ends";
        return TopText.Render(
            _view!, new TopPart(_first, Page, selected, hint), LiveScreen.Width, surroundings.Palette);
    }

    private Turn Type(ConsoleKeyInfo key)
    {
        if (key.Key is ConsoleKey.Enter or ConsoleKey.Escape)
        {
            _isTyping = false;
            _filter = key.Key == ConsoleKey.Escape ? "" : _filter;
        }
        else if (key.Key == ConsoleKey.Backspace)
        {
            _filter = _filter.Length > 0 ? _filter[..^1] : "";
        }
        else if (!char.IsControl(key.KeyChar))
        {
            _filter += key.KeyChar;
        }

        Arrange();
        return Turn.GoOn;
    }

    private Turn Turned(ConsoleKeyInfo key)
    {
        int room = Math.Max(LiveScreen.Height - 2, 1);
        _scroll = Step(key) is int step ? _scroll + (step * (Math.Abs(step) == 1 ? 1 : room)) : _scroll;
        _page = key.Key == ConsoleKey.Escape || key.KeyChar is 'q' or 'Q' ? null : _page;
        return Turn.GoOn;
    }

    private Turn Do(ConsoleKeyInfo key)
    {
        switch (key.KeyChar)
        {
            case 'q' or 'Q':
                return Turn.End;
            case ' ':
                return Turn.LookAgain;
            case '?' or 'h':
                (_page, _scroll) = (Keys, 0);
                return Turn.GoOn;
            case '/':
                _isTyping = true;
                return Turn.GoOn;
        }

        if (key.Key == ConsoleKey.Enter && Rows.Count > 0)
        {
            (_page, _scroll) = (Explain(Rows[Selected]), 0);
        }
        else if (key.Key == ConsoleKey.Escape)
        {
            _filter = "";
        }
        else if (OrderOf(key.KeyChar) is TopOrder order)
        {
            (_order, _chosen, _first) = (order, null, 0);
        }
        else if (Step(key) is int step && Rows.Count > 0)
        {
            int by = Math.Abs(step) == 1 ? step : Math.Sign(step) * Steps(step);
            int to = Math.Clamp(Selected + by, 0, Rows.Count - 1);
            _chosen = (Rows[to].Pid, Rows[to].StartNanoseconds);
        }

        Arrange();
        return Turn.GoOn;
    }

    private int Steps(int step) => Math.Abs(step) == 2 ? Page : Rows.Count;

    // 1: a line, 2: a screen, more: all.
    private static int? Step(ConsoleKeyInfo key) => key switch
    {
        { Key: ConsoleKey.UpArrow } or { KeyChar: 'k' } => -1,
        { Key: ConsoleKey.DownArrow } or { KeyChar: 'j' } => 1,
        { Key: ConsoleKey.PageUp } => -2,
        { Key: ConsoleKey.PageDown } or { KeyChar: ' ' } => 2,
        { Key: ConsoleKey.Home } => -1000,
        { Key: ConsoleKey.End } => 1000,
        _ => null,
    };

    private static TopOrder? OrderOf(char key) => key switch
    {
        'v' => TopOrder.Vmas,
        'g' => TopOrder.Growth,
        'b' => TopOrder.Bytes,
        'a' => TopOrder.AnonVmas,
        'c' => TopOrder.Chains,
        'l' => TopOrder.Longest,
        'w' => TopOrder.Widest,
        'p' => TopOrder.Pid,
        _ => null,
    };

    private string Explain(TopRow row)
    {
        try
        {
            SpaceExplanation explanation = source.Explain(row.Pid);
            return ExplainText.Render(explanation, surroundings.Palette);
        }
        catch (ProcessSelectionException reason)
        {
            return Printable.Of(reason.Message);
        }
    }
}
