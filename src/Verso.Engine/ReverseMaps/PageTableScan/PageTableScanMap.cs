namespace Verso.Engine.ReverseMaps.PageTableScan;

/// <summary>
/// No reverse map: a walk scans every page table. All that other designs keep, this one finds out; it is the oracle
/// they are compared with. See docs/designs/page-table-scan.md.
/// </summary>
public sealed class PageTableScanMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "page-table-scan",
        "No reverse map; a walk scans every page table",
        "Linux 2.4, try_to_swap_out; the oracle of this laboratory",
        PageOwner.PageTable)
    {
        Layout =
        [
            LayoutField.FileMap,
        ],
    };

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;
}
