namespace Verso.Reports.Model;

/// <summary>A figure that was drawn, and where.</summary>
/// <param name="Name">It: the id of the table that is drawn.</param>
/// <param name="Chart">The chart of the report that it is of.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Svg">The path of the drawing.</param>
/// <param name="Png">The same in dots.</param>
/// <param name="Csv">Its numbers.</param>
public sealed record PlottedFigure(string Name, string Chart, string Title, string Svg, string Png, string Csv);
