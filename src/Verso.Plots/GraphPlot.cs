using ScottPlot;
using ScottPlot.Plottables;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>Boxes in two columns and the links between them.</summary>
internal static class GraphPlot
{
    private const int LineHeight = 20;
    private const int Column = 1;
    private const int Place = 2;
    private const double Half = 0.34;

    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        Table table = figure.Table;
        int kind = At(table, "kind"), links = At(table, "links"), own = At(table, "own");
        int[] heights =
            [.. Enumerable.Range(0, 2).Select(column => table.Rows.Count(row => row[Column].Count == column))];
        int tallest = Math.Max(heights.Max(), 1);
        Dictionary<string, Coordinates> places = [];
        foreach (IReadOnlyList<Cell> row in table.Rows)
        {
            long column = row[Column].Count ?? 0;
            double down = ((row[Place].Number ?? 0) + 0.5) * tallest / Math.Max(heights[column], 1);
            places[row[0].Text ?? ""] = new Coordinates(column, down);
        }

        foreach (IReadOnlyList<Cell> row in table.Rows)
        {
            string name = row[0].Text ?? "";
            foreach (string other in (row[links].Text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (places.TryGetValue(other, out Coordinates to))
                {
                    Link(plot, places[name], to, isOwn: other == row[own].Text);
                }
            }
        }

        foreach (IReadOnlyList<Cell> row in table.Rows)
        {
            string colour = row[Column].Count == 0 ? "#a0cbe8"
                : (row[kind].Text ?? "").Contains("root", StringComparison.Ordinal) ? "#f28e2b" : "#ffbe7d";
            Box(plot, places[row[0].Text ?? ""], row[0].Text ?? "", colour, canvas);
        }

        plot.HideAxesAndGrid();
        plot.Axes.SetLimits(-0.45, 1.45, tallest + 0.3, -0.3);
        return (tallest + 1) * LineHeight;
    }

    private static int At(Table table, string key) => table.Columns.ToList().FindIndex(column => column.Key == key);

    private static void Link(Plot plot, Coordinates from, Coordinates to, bool isOwn)
    {
        bool isParent = from.X == to.X;
        double side = isParent ? Half : to.X > from.X ? Half : -Half;
        LinePlot line = plot.Add.Line(from.X + side, from.Y, to.X - (isParent ? -Half : side), to.Y);
        line.LineWidth = isOwn ? 1.4f : 0.8f;
        line.Color = isParent ? Colors.Gray : isOwn ? Kinds.Colour(0) : Kinds.Colour(3);
        line.MarkerSize = 0;
    }

    private static void Box(Plot plot, Coordinates place, string name, string colour, Canvas canvas)
    {
        Rectangle box = plot.Add.Rectangle(place.X - Half, place.X + Half, place.Y - Half, place.Y + Half);
        box.FillColor = Color.FromHex(colour);
        box.LineWidth = 0;
        Text text = plot.Add.Text(Printable.Of(name), place.X, place.Y);
        text.LabelFontSize = canvas.Letter;
        text.LabelAlignment = Alignment.MiddleCenter;
    }
}
