using ScottPlot;
using ScottPlot.Plottables;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>An address space as boxes in rows: what keeps each from the one before, as colour and letter.</summary>
internal static class StripPlot
{
    private const int Side = 13;
    private const int Letter = 2;
    private const int Reason = 3;

    internal static int Draw(Plot plot, Figure figure, Canvas canvas)
    {
        Table table = figure.Table;
        int across = Math.Max((canvas.Width - 8) / Side, 1);
        int down = (table.Rows.Count + across - 1) / across;
        Dictionary<string, Color> colours = [];
        for (int at = 0; at < table.Rows.Count; at++)
        {
            string reason = table.Rows[at][Reason].Text ?? "";
            string letter = table.Rows[at][Letter].Text ?? "";
            if (!colours.TryGetValue(reason, out Color colour))
            {
                colour = reason == "unmapped" ? Color.FromHex(ChartColours.Nothing) : Kinds.Colour(colours.Count);
                colours.Add(reason, colour);
                plot.Legend.ManualItems.Add(new LegendItem
                {
                    LabelText = $"{letter} {Printable.Of(reason)}",
                    FillColor = colour,
                });
            }

            (int x, int y) = (at % across, at / across);
            Rectangle box = plot.Add.Rectangle(x, x + 1, y, y + 1);
            box.FillColor = colour;
            box.LineColor = Colors.White;
            box.LineWidth = 0.7f;
            Text text = plot.Add.Text(letter, x + 0.5, y + 0.5);
            text.LabelFontSize = canvas.Letter * 0.75f;
            text.LabelAlignment = Alignment.MiddleCenter;
        }

        plot.HideAxesAndGrid();
        plot.Axes.SetLimits(0, across, down, 0);
        return (down * Side) + Legends.Below(plot, colours.Keys.Select(each => each + "  "), canvas);
    }
}
