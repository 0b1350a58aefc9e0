namespace Verso.Reports.Model;

/// <summary>A line of a chart of lines.</summary>
/// <param name="Name">What its legend says.</param>
/// <param name="Column">The column of its numbers.</param>
public sealed record ChartLine(string Name, int Column)
{
    /// <summary>The first column that is a line; those before it are what the lines go over.</summary>
    public const int FirstColumn = 2;

    private const int MostNamed = 2;
    private const string Reference = "anon-vma-chain";

    /// <summary>
    /// The lines of a table. Columns whose numbers are all equal are one: it would hide all of them but the last.
    /// </summary>
    public static IReadOnlyList<ChartLine> Of(Table table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return
        [
            .. Enumerable.Range(FirstColumn, Math.Max(table.Columns.Count - FirstColumn, 0))
                .GroupBy(column => string.Join(',', table.Rows.Select(row => row[column].Number)))
                .Select(alike => new ChartLine(
                    NameOf([.. alike.Select(column => table.Columns[column].Title)]), alike.First())),
        ];
    }

    private static string NameOf(string[] titles) => titles.Length <= MostNamed ? string.Join(", ", titles)
        : $"{(titles.Contains(Reference) ? Reference : titles[0])} and {titles.Length - 1} alike";
}
