using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>Guard markers: madvise_guard_install, madvise_guard_remove.</summary>
internal static class GuardMarkers
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.InstallGuards"/>.</summary>
        internal Errno InstallGuards(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            for (ulong address = start; address < end; address += Page.Size)
            {
                if (PageTablePool.SlotOf(address) == 0)
                {
                    machine.World.Options.Cancellation.ThrowIfCancellationRequested();
                }

                int leaf = machine.Tables.EnsureLeaf(mm, address);
                if (leaf == 0)
                {
                    return Errno.ENOMEM;
                }

                ref ulong entry = ref machine.Tables.Entry(leaf, PageTablePool.SlotOf(address));
                if (entry == 0)
                {
                    entry = Pte.Guard;
                    machine.Tables.AddLive(leaf, 1);
                }
            }

            return Errno.None;
        }

        /// <summary><see cref="Machine.RemoveGuards"/>.</summary>
        internal void RemoveGuards(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                Span<ulong> entries = machine.Tables.Entries(range);
                int removed = 0;
                for (int i = 0; i < entries.Length; i++)
                {
                    if (Pte.IsGuard(entries[i]))
                    {
                        entries[i] = 0;
                        removed++;
                    }
                }

                machine.Tables.AddLive(range.Table, -removed);
                machine.Tables.FreeIfEmpty(mm, range.Table);
            }
        }
    }
}
