using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>Bars from left to right, a group or one of several parts for each row.</summary>
internal static class BarsPlot
{
    /// <summary>Of one bar and the gap after a group.</summary>
    private const int Thickness = 9;

    private const int Ground = 46;

    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        (Chart chart, Table table) = (figure.Chart, figure.Table);
        bool isStacked = chart.Kind == ChartKind.Stack;
        int series = table.Columns.Count - 1;
        int slots = (isStacked ? 1 : series) + 1;
        Scale along = new(table.Columns[1], chart.IsLogarithmic && !isStacked, Highest(table, isStacked));
        double[] ends = new double[table.Rows.Count];
        for (int at = 0; at < series; at++)
        {
            List<Bar> bars = [];
            for (int row = 0; row < table.Rows.Count; row++)
            {
                double place = along.Place(table.Rows[row][at + 1]);
                place = double.IsFinite(place) ? place : 0;
                bars.Add(new Bar
                {
                    Position = (row * slots) + (isStacked ? 0 : at),
                    ValueBase = ends[row],
                    Value = ends[row] + place,
                    FillColor = Kinds.Colour(at),
                    LineWidth = 0,
                    Size = 0.9,
                });
                ends[row] += isStacked ? place : 0;
            }

            BarPlot plotted = plot.Add.Bars(bars);
            plotted.Horizontal = true;
            plotted.LegendText = table.Columns[at + 1].Title;
        }

        Letter(plot, table, along, slots);
        int height = Ground + (table.Rows.Count * slots * Thickness);
        IEnumerable<string> names = table.Columns.Skip(1).Select(column => column.Title);
        return height + (series > 1 ? Legends.Below(plot, names, canvas) : 0);
    }

    private static double Highest(Table table, bool isStacked) => table.Rows.Max(row =>
    {
        IEnumerable<double> numbers = row.Skip(1).Select(cell => cell.Number ?? 0);
        return isStacked ? numbers.Sum() : numbers.Max();
    });

    private static void Letter(Plot plot, Table table, Scale along, int slots)
    {
        double middle = (slots - 2) / 2.0;
        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. table.Rows.Select((_, row) => (row * slots) + middle)],
            [.. table.Rows.Select(row => Printable.Of(row[0].Text ?? ""))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.TickGenerator = along.Ticks;
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.Margins(0, 0.02);
        plot.Axes.SetLimitsY((table.Rows.Count * slots) - 0.5, -1);
        plot.XLabel(along.Title);
    }
}
