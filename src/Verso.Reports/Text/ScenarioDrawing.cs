using System.Globalization;
using System.Text;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;

namespace Verso.Reports.Text;

/// <summary>Scenarios as pictures: each step, and below it what became of every address space.</summary>
/// <remarks>
/// <code>
///   3  protect A 5 1 r-
///                 4   5   6
///      A        |rw |r- |rw |
///        flags   lo  lo  lo      as in /proc/PID/smaps; only where there are any
///        maps                    file and page, or the page where a moved VMA is at home; only where there are any
///        pages    .   x   .      see <see cref="PageCell.Letter"/>
///        rmap     1   1   1      anon_vma(chain); one below the other where there is no room, the own one in brackets
///        names    1   1   2      of a design that was asked for: what each page names, numbered as they first appear,
///        walk    2/1 2/2 12      and the candidates that a walk for it visits / those that map it, if there is room
/// </code>
/// An address space that the step left as it was, its walks too, is not drawn again. A page is in the same column
/// everywhere.
/// </remarks>
public static class ScenarioDrawing
{
    private const int Gutter = 14;

    /// <summary>Of longer chains the middle is left out.</summary>
    private const int LongestChain = 6;

    public static string Render(ScenarioResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        foreach (string line in result.Played.Purpose.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append("# ").Append(Printable.Of(line)).Append('\n');
        }

        DrawingGrid grid = new(result.Frames.SelectMany(frame => frame.States)
            .SelectMany(state => DrawnVma.ParseAll(state.Text)));
        Dictionary<char, Shown> before = [];
        for (int at = 0; at < result.Frames.Count; at++)
        {
            Frame frame = result.Frames[at];
            foreach (Remark remark in result.Played.Remarks.Where(remark => remark.Before == at))
            {
                text.Append("     # ").Append(Printable.Of(remark.Text)).Append('\n');
            }

            string outcome = frame.Outcome.Length == 0 ? "" : $"  -> {Printable.Of(frame.Outcome)}";
            string step = palette.Bold(Printable.Of(frame.Step.ToString()));
            text.Append(CultureInfo.InvariantCulture, $"{at + 1,3}  {step}{outcome}\n");
            DrawChanged(text, grid, frame, before);
        }

        return text.ToString();
    }

    private static void DrawChanged(
        StringBuilder text, DrawingGrid grid, Frame frame, Dictionary<char, Shown> before)
    {
        foreach (char ended in before.Keys.Except(frame.States.Select(state => state.Mm)).ToArray())
        {
            before.Remove(ended);
            text.Append("     ").Append(ended).Append("  ended\n");
        }

        bool hasHeader = false;
        foreach ((char mm, string state) in frame.States)
        {
            PageWalk[] walks = [.. frame.Walks.Where(walk => walk.Mm == mm)];
            if (before.TryGetValue(mm, out Shown last) && last.State == state && last.Walks.SequenceEqual(walks))
            {
                continue;
            }

            before[mm] = new Shown(state, walks);
            DrawnVma[] vmas = DrawnVma.ParseAll(state);
            if (vmas.Length == 0)
            {
                text.Append("     ").Append(mm).Append("  ").Append(Printable.Of(state)).Append('\n');
                continue;
            }

            if (!hasHeader)
            {
                hasHeader = true;
                Line(text, "", grid.Header);
            }

            Draw(text, grid, mm, vmas, walks.Length > 0);
            DrawWalks(text, grid, walks);
        }
    }

    private static void DrawWalks(StringBuilder text, DrawingGrid grid, PageWalk[] walks)
    {
        if (walks.Length == 0)
        {
            return;
        }

        char[] names = Blank(grid);
        char[] visits = Blank(grid);
        foreach (PageWalk walk in walks)
        {
            int column = grid.ColumnOf(walk.Page);
            if (column >= 0)
            {
                Put(names, column + 2, walk.Object == 0 ? "-" : $"{walk.Object}", DrawingGrid.CellWidth - 2);
                string visited = $"{walk.Visited}/{walk.Useful}";
                visited = visited.Length < DrawingGrid.CellWidth ? visited : $"{walk.Visited}";
                Put(visits, column + 1, visited, DrawingGrid.CellWidth);
            }
        }

        Line(text, "       names", new string(names));
        Line(text, "       walk", new string(visits));
    }

    private static void Draw(StringBuilder text, DrawingGrid grid, char mm, DrawnVma[] vmas, bool hasWalks)
    {
        char[] bounds = Blank(grid);
        char[] pages = Blank(grid);
        foreach (DrawnVma vma in vmas)
        {
            (int left, int width) = grid.PlaceOf(vma);
            bounds[left] = '|';
            Put(bounds, left + 1, vma.Access, width - 1);
            bounds[left + width] = '|';
            for (int page = 0; page < vma.Cells.Length; page++)
            {
                int column = grid.ColumnOf(vma.First + page);
                if (column >= 0)
                {
                    pages[column + 2] = vma.Cells[page];
                }
            }
        }

        Line(text, $"     {mm}", new string(bounds));
        Words(text, grid, vmas, "flags", vma => vma.Flags);
        Words(text, grid, vmas, "maps", vma => vma.Behind);
        Line(text, "       pages", new string(pages));
        if (vmas.Any(vma => vma.Graph != "-") || !hasWalks)
        {
            DrawGraph(text, grid, vmas);
        }
    }

    /// <summary>A line of words, one VMA each, if any VMA has some.</summary>
    private static void Words(
        StringBuilder text, DrawingGrid grid, DrawnVma[] vmas, string title, Func<DrawnVma, string> word)
    {
        if (vmas.All(vma => word(vma).Length == 0))
        {
            return;
        }

        char[] line = Blank(grid);
        foreach (DrawnVma vma in vmas)
        {
            (int left, int width) = grid.PlaceOf(vma);
            Put(line, left + 1, word(vma), width - 1);
        }

        Line(text, $"       {title}", new string(line));
    }

    private static void DrawGraph(StringBuilder text, DrawingGrid grid, DrawnVma[] vmas)
    {
        if (vmas.All(vma => vma.Graph.Length <= grid.PlaceOf(vma).Width - 2))
        {
            char[] line = Blank(grid);
            foreach (DrawnVma vma in vmas)
            {
                Put(line, grid.PlaceOf(vma).Left + 2, vma.Graph, vma.Graph.Length);
            }

            Line(text, "       rmap", new string(line));
            return;
        }

        string[][] chains = [.. vmas.Select(Links)];
        for (int link = 0; link < chains.Max(chain => chain.Length); link++)
        {
            char[] line = Blank(grid);
            foreach ((DrawnVma vma, string[] chain) in vmas.Zip(chains).Where(each => link < each.Second.Length))
            {
                // A bracket stands one to the left, so that numbers are below each other.
                int inset = chain[link][0] == '[' ? 1 : 2;
                Put(line, grid.PlaceOf(vma).Left + inset, chain[link], DrawingGrid.CellWidth);
            }

            Line(text, link == 0 ? "       rmap" : "", new string(line));
        }
    }

    /// <summary>The chain, newest first, the VMA's own anon_vma in brackets.</summary>
    private static string[] Links(DrawnVma vma)
    {
        string[] links = vma.Chain.Length == 0
            ? [vma.AnonVma]
            : [.. vma.Chain.Select(link => link == vma.AnonVma ? $"[{link}]" : link)];
        return links.Length <= LongestChain ? links : [.. links[..(LongestChain - 2)], "..", links[^1]];
    }

    /// <summary>What was drawn of an address space last.</summary>
    private readonly record struct Shown(string State, PageWalk[] Walks);

    private static char[] Blank(DrawingGrid grid)
    {
        char[] line = new char[grid.Width + DrawingGrid.CellWidth];
        Array.Fill(line, ' ');
        return line;
    }

    /// <summary>As much as there is room for; what is cut off ends in two dots.</summary>
    private static void Put(char[] line, int at, string text, int room)
    {
        string clean = Printable.Of(text);
        string shown = clean.Length <= room ? clean : clean[..(room - 2)].TrimEnd() + "..";
        shown.CopyTo(0, line, at, Math.Min(shown.Length, line.Length - at));
    }

    private static void Line(StringBuilder text, string title, string line) =>
        text.Append((title.PadRight(Gutter) + line).TrimEnd()).Append('\n');
}
