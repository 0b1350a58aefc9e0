using ScottPlot;

namespace Verso.Plots;

/// <summary>What the colours mean, below a drawing.</summary>
internal static class Legends
{
    private const float Symbol = 22;
    private const float Gap = 8;

    /// <summary>The legend is as wide as what is between the axes.</summary>
    private const float DataShare = 0.62f;

    /// <summary>Puts the legend there.</summary>
    /// <returns>The height that it takes.</returns>
    internal static int Below(Plot plot, IEnumerable<string> names, Canvas canvas)
    {
        (int rows, float used) = (1, 0);
        foreach (string name in names)
        {
            float width = Symbol + Gap + (canvas.WidthOf(name));
            if (used > 0 && used + width > canvas.Width * DataShare)
            {
                rows++;
                used = 0;
            }

            used += width;
        }

        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.TightHorizontalWrapping = true;
        plot.Legend.SymbolWidth = Symbol - 6;
        plot.Legend.InterItemPadding = new PixelPadding(Gap, 2);
        plot.ShowLegend(Edge.Bottom);
        return (int)(rows * (canvas.Letter + 5)) + 16;
    }
}
