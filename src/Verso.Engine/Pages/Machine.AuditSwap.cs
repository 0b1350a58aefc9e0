using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// The audit of swap: every slot is counted as often as entries refer to it.
public sealed partial class Machine<TPages>
{
    private string? AuditSwap()
    {
        if (TPages.Owner == PageOwner.Object)
        {
            return null;
        }

        int[] entries = new int[World.Swap.UsedCount];
        for (int table = 1; table < _tables.UsedCount; table++)
        {
            if (!_tables[table].IsLeaf)
            {
                continue;
            }

            foreach (ulong pte in _tables.Entries(table))
            {
                entries[Pte.IsSwap(pte) ? Pte.Slot(pte) : 0]++;
            }
        }

        for (int slot = 1; slot < entries.Length; slot++)
        {
            int counted = World.Swap.IsLive(slot) ? World.Swap.CountOf(slot) : 0;
            if (counted != entries[slot])
            {
                return $"swap slot {slot}: {entries[slot]} entries refer to it, counted {counted}";
            }
        }

        return null;
    }
}
