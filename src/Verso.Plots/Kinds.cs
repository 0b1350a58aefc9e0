using ScottPlot;
using Verso.Reports.Model;

namespace Verso.Plots;

/// <summary>Draws a figure.</summary>
/// <returns>The height that it needs, in units of 1/96 inch.</returns>
internal delegate int Drawer(Plot plot, Figure figure, Canvas canvas);

/// <summary>Who draws which kind of chart.</summary>
internal static class Kinds
{
    internal static Drawer Of(ChartKind kind) => kind switch
    {
        ChartKind.Lines => LinesPlot.Draw,
        ChartKind.Bars or ChartKind.Stack => BarsPlot.Draw,
        ChartKind.Tree => TreePlot.Draw,
        ChartKind.Strip => StripPlot.Draw,
        ChartKind.Graph => GraphPlot.Draw,
        ChartKind.Matrix => MatrixPlot.Draw,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The colour of the nth series.</summary>
    internal static Color Colour(int at) => Color.FromHex(ChartColours.Series[at % ChartColours.Series.Count]);
}
