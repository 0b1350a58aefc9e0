using ScottPlot;
using ScottPlot.Plottables;
using Verso.Reports.Model;

namespace Verso.Plots;

/// <summary>Lines over events, told apart by colour and symbols: the SVG of Skia knows no dashes.</summary>
internal static class LinesPlot
{
    private const int Ground = 180;

    /// <summary>How near the numbers have to come to a limit for it to be shown.</summary>
    private const double LimitShown = 20;

    /// <summary>Symbols a line, at different places of each.</summary>
    private const int Symbols = 8;

    private static readonly MarkerShape[] s_shapes =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond,
        MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.Cross, MarkerShape.FilledTriangleDown,
    ];


    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        (Chart chart, Table table) = (figure.Chart, figure.Table);
        IReadOnlyList<ChartLine> lines = ChartLine.Of(table);
        Scale across = new(table.Columns[0], IsLogarithmic: false, Highest: 0);
        Scale up = new(table.Columns[lines[0].Column], chart.IsLogarithmic, lines.Max(line => Highest(table, line)));
        for (int at = 0; at < lines.Count; at++)
        {
            int column = lines[at].Column;
            Coordinates[] places =
            [
                .. table.Rows.Select(row => new Coordinates(across.Place(row[0]), up.Place(row[column])))
                    .Where(place => double.IsFinite(place.X) && double.IsFinite(place.Y)),
            ];
            Add(plot, places, lines[at].Name, at);
        }

        if (chart.Limit is (string name, double value) && lines.Max(line => Highest(table, line)) > value / LimitShown)
        {
            HorizontalLine limit = plot.Add.HorizontalLine(
                up.Place(Cell.Of(value)), 1, Color.FromHex("#c62828"));
            limit.LegendText = name;
        }

        plot.Axes.Bottom.TickGenerator = across.Ticks;
        plot.Axes.Left.TickGenerator = up.Ticks;
        plot.YLabel(up.Title);
        plot.XLabel(table.Columns[0].Title);
        plot.Axes.Margins(0.02, 0.08);
        return Ground + Legends.Below(plot, lines.Select(line => line.Name), canvas);
    }

    private static void Add(Plot plot, Coordinates[] places, string name, int at)
    {
        Scatter line = plot.Add.ScatterLine(places, Kinds.Colour(at));
        line.LineWidth = 1.2f;
        int every = Math.Max(places.Length / Symbols, 1);
        Coordinates[] marked = [.. places.Where((_, index) => index % every == at * 3 % every)];
        Markers symbols = plot.Add.Markers(marked, s_shapes[at % s_shapes.Length], 4, Kinds.Colour(at));
        symbols.LegendText = name;
    }

    private static double Highest(Table table, ChartLine line) =>
        table.Rows.Max(row => row[line.Column].Number ?? 0);
}
