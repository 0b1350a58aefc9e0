using Verso.Engine.PageTables;

namespace Verso.Engine;

// Guard markers: madvise_guard_install, madvise_guard_remove.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    private protected override Errno InstallGuards(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        for (ulong address = start; address < end; address += Page.Size)
        {
            if (PageTablePool.SlotOf(address) == 0)
            {
                World.Options.Cancellation.ThrowIfCancellationRequested();
            }

            int leaf = _tables.EnsureLeaf(mm, address);
            if (leaf == 0)
            {
                return Errno.ENOMEM;
            }

            ref ulong entry = ref _tables.Entry(leaf, PageTablePool.SlotOf(address));
            if (entry == 0)
            {
                entry = Pte.Guard;
                _tables.AddLive(leaf, 1);
            }
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    private protected override void RemoveGuards(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            Span<ulong> entries = _tables.Entries(range);
            int removed = 0;
            for (int i = 0; i < entries.Length; i++)
            {
                if (Pte.IsGuard(entries[i]))
                {
                    entries[i] = 0;
                    removed++;
                }
            }

            _tables.AddLive(range.Table, -removed);
            _tables.FreeIfEmpty(mm, range.Table);
        }
    }
}
