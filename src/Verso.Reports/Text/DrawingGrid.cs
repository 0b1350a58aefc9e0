using System.Globalization;
using System.Text;

namespace Verso.Reports.Text;

/// <summary>
/// Which page is drawn where: the same in all pictures of a scenario. Pages that nobody ever maps, and the middle of
/// very long VMAs, have no column.
/// </summary>
internal sealed class DrawingGrid
{
    /// <summary>The width of a page.</summary>
    public const int CellWidth = 4;

    /// <summary>Of a longer VMA so many pages are drawn at each end.</summary>
    private const int LongestEnd = 12;

    private readonly Dictionary<long, int> _columns = [];

    public DrawingGrid(IEnumerable<DrawnVma> vmas)
    {
        SortedSet<long> pages = [];
        foreach (DrawnVma vma in vmas)
        {
            for (long end = 0; end < Math.Clamp(vma.Pages, 1, LongestEnd); end++)
            {
                pages.Add(vma.First + end);
                pages.Add(vma.Last - end);
            }
        }

        StringBuilder header = new();
        long next = pages.Count == 0 ? 0 : pages.Min;
        foreach (long page in pages)
        {
            header.Append(page == next ? "" : " ~ ");
            _columns.Add(page, header.Length);
            header.Append(CultureInfo.InvariantCulture, $"{page,3} ");
            next = page + 1;
        }

        Header = header.ToString().TrimEnd();
        Width = header.Length + 1;
    }

    /// <summary>The numbers of the pages.</summary>
    public string Header { get; }

    /// <summary>The characters of a line.</summary>
    public int Width { get; }

    /// <summary>Where a page begins; -1 for one without a column.</summary>
    public int ColumnOf(long page) => _columns.GetValueOrDefault(page, -1);

    /// <summary>Where a VMA begins, and its width without the bar that ends it.</summary>
    public (int Left, int Width) PlaceOf(DrawnVma vma) =>
        (_columns[vma.First], _columns[vma.Last] + CellWidth - _columns[vma.First]);
}
