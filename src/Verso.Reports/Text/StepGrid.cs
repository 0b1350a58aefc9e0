using System.Globalization;
using Verso.Engine.Images;
using Verso.Lab.Scenarios;
using Verso.Lab.Stepping;

namespace Verso.Reports.Text;

/// <summary>
/// The address spaces of a step of a scenario, a page in one column of all of them; as many rows of columns as the
/// width asks for, so that no line is longer.
/// </summary>
internal sealed class StepGrid
{
    /// <summary>The width of a page.</summary>
    private const int Cell = 4;

    /// <summary>Of longer runs of pages so many are drawn at each end.</summary>
    private const int LongestEnd = 12;

    /// <summary>Of longer chains the middle is left out.</summary>
    private const int LongestChain = 6;

    private const int Gutter = 11;

    private readonly StepView _view;
    private readonly Window _window;
    private readonly List<Band> _bands = [];

    /// <param name="view">A step. Requires: it has a window.</param>
    /// <param name="width">The longest line.</param>
    public StepGrid(StepView view, int width)
    {
        _view = view;
        _window = view.Window ?? throw new ArgumentException("no step of a scenario", nameof(view));
        long last = long.MinValue;
        int room = Math.Max(width - Gutter - 1, Cell);
        foreach (long page in Columns())
        {
            bool isGap = last != long.MinValue && page != last + 1;
            if (_bands.Count == 0 || _bands[^1].Width + Cell + (isGap ? Band.Gap : 0) > room)
            {
                _bands.Add(new Band());
                isGap = false;
            }

            _bands[^1].Add(page, isGap);
            last = page;
        }
    }

    /// <summary>Whether all pages are in one row.</summary>
    public bool IsWhole => _bands.Count <= 1;

    /// <summary>The picture.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (Band band in _bands)
        {
            yield return Line(' ', "", band.Header());
            foreach (StepSpace space in _view.Spaces)
            {
                foreach (string line in LinesOf(band, space))
                {
                    yield return line;
                }
            }
        }

        if (_bands.Count == 0)
        {
            foreach (StepSpace space in _view.Spaces)
            {
                yield return Line(StepText.Mark(space.Change), space.Name, Said(space));
            }
        }
    }

    /// <summary>Where all VMAs begin and end, and what the scenario names; of long runs the ends.</summary>
    private SortedSet<long> Columns()
    {
        SortedSet<long> pages = [];
        foreach (VmaImage vma in _view.Spaces.SelectMany(space => space.Vmas).Select(vma => vma.Vma))
        {
            (long first, long end) = RangeOf(vma);
            for (long at = 0; at < Math.Min(end - first, LongestEnd); at++)
            {
                pages.Add(first + at);
                pages.Add(end - 1 - at);
            }
        }

        pages.UnionWith(_view.NamedPages);
        return pages;
    }

    private (long First, long End) RangeOf(VmaImage vma)
    {
        long first = _window.PageOf(vma.Start);
        return (first, Math.Max(_window.PageOf(vma.End), first + 1));
    }

    private IEnumerable<string> LinesOf(Band band, StepSpace space)
    {
        char mark = StepText.Mark(space.Change);
        Drawn[] drawn = [.. space.Vmas.Select(vma => Place(band, vma)).OfType<Drawn>()];
        if (drawn.Length == 0)
        {
            if (space.Vmas.Count == 0 && band == _bands[0])
            {
                yield return Line(mark, space.Name, Said(space));
            }

            yield break;
        }

        yield return Line(mark, space.Name, Bounds(band, drawn));
        string[] rows =
        [
            Row("flags", band, drawn, vma => DrawnVma.Words(vma.Vma.Flags)),
            Row("maps", band, drawn, Behind),
        ];
        foreach (string row in rows.Where(row => row.Length > 0))
        {
            yield return row;
        }

        foreach (string row in Chains(band, drawn))
        {
            yield return row;
        }

        foreach (string row in PagesOf(band, space))
        {
            yield return row;
        }
    }

    private static string Said(StepSpace space) => space.Change == StepChange.Gone ? "ended" : "nothing mapped";

    private Drawn? Place(Band band, StepVma vma)
    {
        (long first, long end) = RangeOf(vma.Vma);
        int left = band.FirstOf(first, end);
        if (left < 0)
        {
            return null;
        }

        int right = band.LastOf(first, end) + Cell;
        return new Drawn(vma, left, right, band.ColumnOf(first) == left, band.ColumnOf(end - 1) == right - Cell);
    }

    private static string Bounds(Band band, Drawn[] drawn)
    {
        char[] line = band.Blank();
        foreach (Drawn each in drawn.OrderByDescending(each => each.Vma.Change == StepChange.Gone))
        {
            bool isGone = each.Vma.Change == StepChange.Gone;
            line[each.Left] = isGone ? ' ' : each.HasStart ? '|' : '~';
            string access = isGone ? each.Right - each.Left > Cell ? "gone" : "-" : StepText.Access(each.Vma.Vma.Flags);
            char mark = StepText.Mark(each.Vma.Change);
            string text = isGone || mark == ' ' ? access : access.Length < Cell - 1 ? access + mark : access;
            Put(line, each.Left + 1, text, each.Right - each.Left - 1);
            line[each.Right] = isGone ? line[each.Right] : each.HasEnd ? '|' : '~';
        }

        return new string(line);
    }

    private string Behind(StepVma vma) =>
        vma.Vma.Traits.Name is string name ? $"[{name}]"
        : vma.File.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"{vma.File}@{vma.Vma.Pgoff}")
        : vma.IsMoved ? $"@{Text(_window.PageOf(vma.Vma.Pgoff << Engine.Page.Shift))}"
        : "";

    private static string Row(string title, Band band, Drawn[] drawn, Func<StepVma, string> word)
    {
        Drawn[] said = [.. drawn.Where(each => each.Vma.Change != StepChange.Gone && word(each.Vma).Length > 0)];
        if (said.Length == 0)
        {
            return "";
        }

        char[] line = band.Blank();
        foreach (Drawn each in said)
        {
            Put(line, each.Left + 1, word(each.Vma), each.Right - each.Left - 1);
        }

        return Line(' ', title, new string(line), isRow: true);
    }

    /// <summary>Chains from left to right if all fit, else downwards, the own anon_vma in brackets.</summary>
    private static List<string> Chains(Band band, Drawn[] drawn)
    {
        Drawn[] linked = [.. drawn.Where(each =>
            each.Vma.Change != StepChange.Gone && (each.Vma.Vma.AnonVma != 0 || each.Vma.Vma.Chain.Count > 0))];
        if (linked.All(each => StepText.Graph(each.Vma.Vma).Length <= each.Right - each.Left - 1))
        {
            string row = Row("anon_vma", band, linked, vma => StepText.Graph(vma.Vma));
            return row.Length > 0 ? [row] : [];
        }

        string[][] chains = [.. linked.Select(each => Links(each.Vma.Vma))];
        List<string> rows = [];
        for (int link = 0; link < chains.Max(chain => chain.Length); link++)
        {
            char[] line = band.Blank();
            foreach ((Drawn each, string[] chain) in linked.Zip(chains).Where(pair => link < pair.Second.Length))
            {
                Put(line, each.Left + (chain[link][0] == '[' ? 0 : 1), chain[link], Cell);
            }

            rows.Add(Line(' ', link == 0 ? "anon_vma" : "", new string(line), isRow: true));
        }

        return rows;
    }

    private static string[] Links(VmaImage vma)
    {
        string own = Text((long)vma.AnonVma);
        string[] links = vma.Chain.Count == 0
            ? [own]
            : [.. vma.Chain.Select(link => Text((long)link)).Select(link => link == own ? $"[{link}]" : link)];
        return links.Length <= LongestChain ? links : [.. links[..(LongestChain - 2)], "..", links[^1]];
    }

    private IEnumerable<string> PagesOf(Band band, StepSpace space)
    {
        char[][] rows = [.. Enumerable.Range(0, 4).Select(_ => band.Blank())];
        foreach (StepPage page in space.Pages)
        {
            int column = band.ColumnOf(_window.PageOf(page.Address));
            if (column < 0)
            {
                continue;
            }

            char writable = page.View.Writable && !page.View.Frame.IsNone ? 'w' : ' ';
            Put(rows[0], column + 1, $"{page.Letter}{writable}{StepText.Mark(page.Change)}", Cell - 1);
            if (!page.View.Frame.IsNone)
            {
                Put(rows[1], column + 1, Text(page.View.Frame.Value), Cell - 1);
                Put(rows[2], column + 1, page.Names == 0 ? "-" : Text(page.Names), Cell - 1);
            }

            if (page.Walk is { } walk)
            {
                string both = string.Create(CultureInfo.InvariantCulture, $"{walk.Visited}/{walk.Useful}");
                Put(rows[3], column + 1, both.Length < Cell ? both : Text(walk.Visited), Cell - 1);
            }
        }

        string[] titles = ["pages", "frames", "names", "walk"];
        return titles.Zip(rows, (title, row) => (title, row: new string(row)))
            .Where(each => each.row.AsSpan().ContainsAnyExcept(' '))
            .Select(each => Line(' ', each.title, each.row, isRow: true));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Line(char mark, string title, string line, bool isRow = false) =>
        ((isRow ? $"   {title}" : $"{mark} {Printable.Of(title)}").PadRight(Gutter) + line).TrimEnd();

    /// <summary>As much as there is room for; of a number that does not fit nothing: a part would be another.</summary>
    private static void Put(char[] line, int at, string text, int room)
    {
        string clean = Printable.Of(text);
        string shown = clean.Length <= room ? clean
            : room < Cell ? new string('?', Math.Min(room, 1))
            : clean[..(room - 2)].TrimEnd() + "..";
        shown.CopyTo(0, line, at, Math.Min(shown.Length, line.Length - at));
    }

    /// <summary>Where a VMA is drawn in a row, and whether it begins and ends there.</summary>
    private sealed record Drawn(StepVma Vma, int Left, int Right, bool HasStart, bool HasEnd);

    /// <summary>A row of columns.</summary>
    private sealed class Band
    {
        /// <summary>Where pages are left out.</summary>
        public const int Gap = 3;

        private readonly List<(long Page, int Column, bool IsGap)> _columns = [];

        public int Width { get; private set; }

        public void Add(long page, bool isGap)
        {
            int column = Width + (isGap ? Gap : 0);
            _columns.Add((page, column, isGap));
            Width = column + Cell;
        }

        public int ColumnOf(long page)
        {
            int at = _columns.FindIndex(each => each.Page == page);
            return at < 0 ? -1 : _columns[at].Column;
        }

        public int FirstOf(long first, long end) => At(_columns.FindIndex(each => each.Page >= first), first, end);

        public int LastOf(long first, long end) => At(_columns.FindLastIndex(each => each.Page < end), first, end);

        public char[] Blank()
        {
            char[] line = new char[Width + 1];
            Array.Fill(line, ' ');
            return line;
        }

        public string Header()
        {
            char[] line = Blank();
            foreach ((long page, int column, bool isGap) in _columns)
            {
                string number = page.ToString(CultureInfo.InvariantCulture);
                Put(line, column + 1, number.PadLeft(2), Cell - 1);
                if (isGap)
                {
                    line[column - 2] = '~';
                }
            }

            return new string(line);
        }

        private int At(int index, long first, long end) =>
            index >= 0 && _columns[index].Page >= first && _columns[index].Page < end ? _columns[index].Column : -1;
    }
}
