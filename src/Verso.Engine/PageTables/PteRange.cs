namespace Verso.Engine.PageTables;

/// <summary>A run of entries within one leaf page table.</summary>
/// <param name="Table">The leaf table's handle; with the slot it names a PTE for good while the table lives.</param>
/// <param name="First">The first slot, 0..511.</param>
/// <param name="Count">How many, at least 1; First + Count is at most 512.</param>
/// <param name="Address">The byte address the first slot translates.</param>
public readonly record struct PteRange(int Table, int First, int Count, ulong Address)
{
    /// <summary>The byte address that a slot of the range translates.</summary>
    public ulong AddressOf(int slot) => Address + ((ulong)(slot - First) << Page.Shift);
}
