namespace Verso.Engine.PageTables;

/// <summary>Every page table of a machine: tables of 512 entries by int handle.</summary>
public sealed class PageTablePool(Ledger ledger)
{
    internal Ledger Ledger => ledger;
}

/// <summary>A run of entries within one leaf page table.</summary>
/// <param name="Table">The leaf table's handle; with the slot it names a PTE for good while the table lives.</param>
/// <param name="First">The first slot, 0..511.</param>
/// <param name="Count">How many, at least 1; First + Count is at most 512.</param>
/// <param name="Address">The byte address the first slot translates.</param>
public readonly record struct PteRange(int Table, int First, int Count, ulong Address);
