using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

// The entry hooks: a chain operation for each entry, each under the lock of its page (pte_chain_lock).
internal sealed partial class PteChains
{
    /// <summary>Present entries were set; the blocks they need have been reserved.</summary>
    public void Mapped(in PteRange range)
    {
        Span<ulong> entries = _world.PageTables.Entries(range);
        long taken = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (Pte.HasFrame(entries[i]) && IsTracked(Pte.Frame(entries[i])))
            {
                int pointer = PtePointer.Make(range.Table, range.First + i);
                bool added = TryAdd(Pte.Frame(entries[i]), pointer, AllocationContext.Sleeping);
                Invariant.Require(added);
                taken++;
            }
        }

        CountLocks(taken, taken);
        ReturnSpares();
    }

    /// <summary>Present entries are about to be cleared.</summary>
    public void Unmapped(in PteRange range)
    {
        Span<ulong> entries = _world.PageTables.Entries(range);
        long taken = 0;
        long steps = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (Pte.HasFrame(entries[i]) && IsTracked(Pte.Frame(entries[i])))
            {
                steps += Remove(Pte.Frame(entries[i]), PtePointer.Make(range.Table, range.First + i));
                taken++;
            }
        }

        CountLocks(taken, steps);
    }

    /// <summary>
    /// fork set the entries of <paramref name="target"/>. Blocks are allocated under the page-table lock (GFP_ATOMIC); if one
    /// cannot be had, what was added for this range is taken back.
    /// </summary>
    public Errno Copied(in PteRange target)
    {
        Span<ulong> entries = _world.PageTables.Entries(target);
        long taken = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (!Pte.HasFrame(entries[i]) || !IsTracked(Pte.Frame(entries[i])))
            {
                continue;
            }

            int pointer = PtePointer.Make(target.Table, target.First + i);
            if (!TryAdd(Pte.Frame(entries[i]), pointer, AllocationContext.Atomic))
            {
                if (i > 0)
                {
                    Unmapped(target with { Count = i });
                }

                return Errno.ENOMEM;
            }

            taken++;
        }

        CountLocks(taken, taken);
        return Errno.None;
    }

    /// <summary>Entries are moving from one run of slots to another.</summary>
    public void Moved(in PteRange source, in PteRange target)
    {
        Span<ulong> entries = _world.PageTables.Entries(source);
        long taken = 0;
        long steps = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (Pte.HasFrame(entries[i]) && IsTracked(Pte.Frame(entries[i])))
            {
                int old = PtePointer.Make(source.Table, source.First + i);
                steps += Replace(Pte.Frame(entries[i]), old, PtePointer.Make(target.Table, target.First + i));
                taken++;
            }
        }

        CountLocks(taken, steps);
    }

    private void CountLocks(long taken, long work)
    {
        _world.Counters.LocksTaken[(int)LockClass.PerPage] += taken;
        _world.Counters.LockedWork[(int)LockClass.PerPage] += work;
    }
}
