using ScottPlot;
using ScottPlot.Plottables;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>A tree, the root on the left, a line for each node, its size beside its name.</summary>
internal static class TreePlot
{
    private const int Most = 60;
    private const int LineHeight = 15;

    /// <summary>Left of the root, and between a node and its name, of the distance from a parent to a child.</summary>
    private const double Margin = 0.3;

    private const double Gap = 0.15;

    /// <summary>Of the width, the most that a name takes.</summary>
    private const float WidestText = 0.7f;

    private const int NumberColumn = 0;
    private const int ParentColumn = 1;
    private const int NameColumn = 2;
    private const int SizeColumn = 3;

    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        Table table = figure.Table;
        ILookup<long, int> children = Enumerable.Range(0, table.Rows.Count)
            .ToLookup(row => table.Rows[row][ParentColumn].Count ?? -1);
        List<(int Row, int Depth, int Above)> lines = [];
        Stack<(int Row, int Depth, int Above)> left = new(children[-1].Reverse().Select(row => (row, 0, -1)));
        while (left.Count > 0 && lines.Count < Most)
        {
            (int row, int depth, int above) = left.Pop();
            int own = lines.Count;
            lines.Add((row, depth, above));
            foreach (int child in children[table.Rows[row][NumberColumn].Count ?? row].Reverse())
            {
                left.Push((child, depth + 1, own));
            }
        }

        double range = 1;
        foreach (((int row, int depth, int above), int at) in lines.Select((line, at) => (line, at)))
        {
            if (above >= 0)
            {
                Join(plot, lines[above].Depth, above, depth, at);
            }

            Marker node = plot.Add.Marker(depth, at, MarkerShape.FilledCircle, 5, Kinds.Colour(0));
            string size = CellText.Of(table.Rows[row][SizeColumn], table.Columns[SizeColumn]);
            string words = $"{Printable.Of(table.Rows[row][NameColumn].Text ?? "")} {size}";
            Letter(plot, words, node.X + Gap, at, canvas);
            float room = canvas.Width - Math.Min(canvas.WidthOf(words), canvas.Width * WidestText);
            range = Math.Max(range, (Margin + node.X + Gap) * canvas.Width / room);
        }

        if (lines.Count < table.Rows.Count)
        {
            Letter(plot, $"and {table.Rows.Count - lines.Count} more", 0, lines.Count, canvas);
        }

        plot.HideAxesAndGrid();
        plot.Axes.SetLimits(-Margin, range - Margin, lines.Count + 0.7, -0.7);
        return (Math.Min(lines.Count, Most) + 2) * LineHeight;
    }

    private static void Join(Plot plot, int depthAbove, int above, int depth, int at)
    {
        Color colour = Colors.Gray;
        foreach (LinePlot part in (LinePlot[])
            [plot.Add.Line(depthAbove, above, depthAbove, at), plot.Add.Line(depthAbove, at, depth, at)])
        {
            part.Color = colour;
            part.LineWidth = 0.6f;
            part.MarkerSize = 0;
        }
    }

    private static void Letter(Plot plot, string words, double x, double y, Canvas canvas)
    {
        Text text = plot.Add.Text(words, x, y);
        text.LabelFontSize = canvas.Letter;
        text.LabelAlignment = Alignment.MiddleLeft;
    }
}
