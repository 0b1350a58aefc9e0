using System.Globalization;
using System.Text;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;

namespace Verso.Reports.Text;

/// <summary>Scenarios as pictures: each step, and below it what became of every address space.</summary>
/// <remarks>
/// <code>
///   3  protect A 5 1 r-
///      A     4   5   6
///           |rw |r- |rw |
///             .   x   .        pages
///             1   1   1        anon_vmas, by number
/// </code>
/// An address space that the step left as it was is not drawn again.
/// </remarks>
public static class ScenarioDrawing
{
    private const int CellWidth = 4;
    private const string Margin = "   ";

    public static string Render(ScenarioResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        foreach (string line in result.Played.Purpose.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append("# ").Append(line).Append('\n');
        }

        Dictionary<char, string> before = [];
        for (int at = 0; at < result.Frames.Count; at++)
        {
            Frame frame = result.Frames[at];
            string outcome = frame.Outcome.Length == 0 ? "" : $"  -> {frame.Outcome}";
            text.Append(CultureInfo.InvariantCulture, $"{at + 1,3}  {palette.Bold(frame.Step.ToString())}{outcome}\n");
            foreach ((char mm, string state) in frame.States)
            {
                if (before.GetValueOrDefault(mm) != state)
                {
                    before[mm] = state;
                    Draw(text, mm, state);
                }
            }
        }

        return text.ToString();
    }

    private static void Draw(StringBuilder text, char mm, string state)
    {
        Segment[] segments = [.. state.Split(" | ").Select(Segment.Parse).OfType<Segment>()];
        if (segments.Length == 0)
        {
            text.Append(Margin).Append("  ").Append(mm).Append("  ").Append(state).Append('\n');
            return;
        }

        StringBuilder pages = new($"{Margin}  {mm}  ");
        StringBuilder bounds = new($"{Margin}     ");
        StringBuilder cells = new($"{Margin}     ");
        StringBuilder graph = new($"{Margin}     ");
        long last = segments[0].First;
        foreach (Segment segment in segments)
        {
            bool hasGap = segment.First != last;
            if (hasGap)
            {
                // The bar that ends the VMA before the gap.
                bounds.Append('|');
                Pad(pages, cells, graph, bounds);
                bounds.Append("  ~ ");
                Pad(bounds, pages, cells, graph);
            }

            int width = (int)Math.Min(segment.Pages, segment.Cells.Length) * CellWidth;
            for (int at = 0; at < width / CellWidth; at++)
            {
                pages.Append(CultureInfo.InvariantCulture, $"{segment.First + at,3} ");
                cells.Append("  ").Append(segment.Cells[at]).Append(' ');
            }

            bounds.Append('|').Append(Cut(segment.Label, width - 1).PadRight(width - 1, ' '));
            graph.Append("  ").Append(Cut(segment.Graph, width - 2).PadRight(width - 2));
            last = segment.First + segment.Pages;
        }

        bounds.Append('|');
        foreach (StringBuilder line in (StringBuilder[])[pages, bounds, cells, graph])
        {
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
    }

    /// <summary>Makes lines as long as the longest.</summary>
    private static void Pad(params ReadOnlySpan<StringBuilder> lines)
    {
        int longest = 0;
        foreach (StringBuilder line in lines)
        {
            longest = Math.Max(longest, line.Length);
        }

        foreach (StringBuilder line in lines)
        {
            line.Append(' ', longest - line.Length);
        }
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..Math.Max(0, width)];

    /// <summary>One VMA of a state; see <see cref="StateText"/>.</summary>
    private sealed record Segment(long First, long Pages, string Label, string Graph, string Cells)
    {
        public static Segment? Parse(string text)
        {
            string[] words = text.Split(' ');
            if (words.Length < 4)
            {
                return null;
            }

            string[] range = words[0].Split('+');
            string file = words.Length > 4 ? " " + words[2] : "";
            return new Segment(
                long.Parse(range[0], CultureInfo.InvariantCulture),
                long.Parse(range[1], CultureInfo.InvariantCulture),
                words[1] + file,
                words[^2],
                words[^1]);
        }
    }
}
