using Verso.Reports.Model;

namespace Verso.Plots;

/// <summary>A drawing on paper: one table of a chart.</summary>
/// <param name="Chart">Says how it is drawn.</param>
/// <param name="Table">Its numbers; its id names its files.</param>
public sealed record Figure(Chart Chart, Table Table)
{
    /// <summary>What it shows, in a line.</summary>
    public string Title => Chart.Choices.Count == 1 ? Chart.Title : $"{Chart.Title}: {Table.Title}";

    /// <summary>The figures of a report.</summary>
    /// <param name="report">It.</param>
    /// <param name="names">
    /// Ids of charts, of which every table is a figure, or of single tables; <c>all</c>: every table of every chart.
    /// Empty: the table of each chart that is shown first.
    /// </param>
    /// <exception cref="FormatException">Nothing has such an id; the message names those that there are.</exception>
    public static IReadOnlyList<Figure> Of(Report report, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(names);
        Chart[] charts = [.. report.Sections.SelectMany(section => section.Blocks).OfType<Chart>()];
        if (names.Count == 0)
        {
            return [.. charts.Select(chart => new Figure(chart, chart.Choices[0]))];
        }

        Figure[] all = [.. charts.SelectMany(chart => chart.Choices.Select(table => new Figure(chart, table)))];
        foreach (string name in names)
        {
            if (!all.Any(figure => figure.IsNamed(name)))
            {
                throw new FormatException(
                    $"no figure is called '{name}'; there are {string.Join(", ", charts.Select(chart => chart.Id))}");
            }
        }

        return [.. all.Where(figure => names.Any(figure.IsNamed))];
    }

    private bool IsNamed(string name) => name == "all" || name == Chart.Id || name == Table.Id;
}
