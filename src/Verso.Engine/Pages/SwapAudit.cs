using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>The audit of swap: every slot is counted as often as entries refer to it.</summary>
internal static class SwapAudit
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        internal string? AuditSwap()
        {
            if (TPages.Owner == PageOwner.Object)
            {
                return null;
            }

            int[] entries = new int[machine.World.Swap.UsedCount];
            for (int table = 1; table < machine.Tables.UsedCount; table++)
            {
                if (!machine.Tables[table].IsLeaf)
                {
                    continue;
                }

                foreach (ulong pte in machine.Tables.Entries(table))
                {
                    entries[Pte.IsSwap(pte) ? Pte.Slot(pte) : 0]++;
                }
            }

            for (int slot = 1; slot < entries.Length; slot++)
            {
                int counted = machine.World.Swap.IsLive(slot) ? machine.World.Swap.CountOf(slot) : 0;
                if (counted != entries[slot])
                {
                    return $"swap slot {slot}: {entries[slot]} entries refer to it, counted {counted}";
                }
            }

            return null;
        }
    }
}
