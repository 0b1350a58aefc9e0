using System.Text;
using Verso.Reports.Model;

namespace Verso.Reports.Text;

/// <summary>What was drawn, as text.</summary>
public static class PlotText
{
    public static string Render(IReadOnlyList<PlottedFigure> figures, string folder)
    {
        ArgumentNullException.ThrowIfNull(figures);
        StringBuilder text = new($"{Figures.Plural(figures.Count, "figure", "figures")} in {Printable.Of(folder)}, "
            + "each as .svg, .png and .csv:\n\n");
        int width = figures.Select(figure => figure.Name.Length).DefaultIfEmpty().Max();
        foreach (PlottedFigure figure in figures)
        {
            text.Append($"  {figure.Name.PadRight(width)}  {Printable.Of(figure.Title)}\n");
        }

        return text.ToString();
    }
}
