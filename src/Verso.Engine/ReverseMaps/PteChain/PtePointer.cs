using System.Runtime.CompilerServices;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>A pointer to a page-table entry (<c>pte_addr_t</c>) in a positive int: leaf table * 512 + slot.</summary>
/// <remarks>
/// Its address space and byte address come from the table (ptep_to_mm, ptep_to_address in 2.5), so a pointer stays
/// right whatever happens to VMAs.
/// </remarks>
internal static class PtePointer
{
    private const int SlotBits = 9;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Make(int table, int slot) => (table << SlotBits) | slot;

    public static int TableOf(int pointer) => pointer >> SlotBits;

    public static int SlotOf(int pointer) => pointer & (PageTablePool.EntryCount - 1);
}
