using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>Dots: which VMA leads to which object: is in which anon_vma's tree.</summary>
internal static class MatrixPlot
{
    private const int Ground = 200;
    private const int Axis = 30;
    private const int RowColumn = 0;
    private const int RowName = 1;
    private const int PlaceColumn = 2;
    private const int PlaceName = 3;
    private const int Kind = 4;
    private const int MostTicks = 12;

    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        Table table = figure.Table;
        (string Word, string Name)[] kinds = [("own", "new pages name it"), ("", "other links")];
        long rows = table.Rows.Max(row => row[RowColumn].Count ?? 0) + 1;
        float size = Math.Clamp(Ground / (float)rows, 2, 6);
        for (int at = 0; at < kinds.Length; at++)
        {
            Coordinates[] places =
            [
                .. table.Rows.Where(row => (row[Kind].Text == "own") == (at == 0))
                    .Select(row => new Coordinates(row[PlaceColumn].Number ?? 0, row[RowColumn].Number ?? 0)),
            ];
            if (places.Length == 0)
            {
                continue;
            }

            Markers dots = plot.Add.Markers(
                places, at == 0 ? MarkerShape.FilledSquare : MarkerShape.FilledCircle, size, Kinds.Colour(at));
            dots.LegendText = kinds[at].Name;
        }

        plot.Axes.Left.TickGenerator = Ticks(table, RowColumn, RowName);
        plot.Axes.Bottom.TickGenerator = Ticks(table, PlaceColumn, PlaceName);
        plot.Axes.Bottom.TickLabelStyle.Rotation = -90;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
        plot.Axes.Margins(0.02, 0.02);
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsY(rows, -1);
        float longest = table.Rows.Max(row => canvas.WidthOf(row[PlaceName].Text ?? ""));
        return Ground + Axis + (int)longest + Legends.Below(plot, kinds.Select(each => each.Name), canvas);
    }

    private static NumericManual Ticks(Table table, int place, int name)
    {
        (double Place, string Name)[] all =
        [
            .. table.Rows.Select(row => (Place: row[place].Number ?? 0, Name: row[name].Text ?? "")).Distinct()
                .OrderBy(each => each.Place),
        ];
        int every = Math.Max((all.Length + MostTicks - 1) / MostTicks, 1);
        (double Place, string Name)[] some = [.. all.Where((_, at) => at % every == 0)];
        return new NumericManual(
            [.. some.Select(each => each.Place)], [.. some.Select(each => Printable.Of(each.Name))]);
    }
}
