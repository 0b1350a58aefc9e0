using System.Runtime.CompilerServices;
using Verso.Engine.Frames;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

// The entry hooks: a chain operation for each entry, each under the lock of its page (pte_chain_lock).
internal sealed partial class PteChains
{
    /// <summary>Present entries were set; the blocks they need have been reserved.</summary>
    public void Mapped(in PteRange range)
    {
        PageLocks locks = new(_world.Locks);
        Span<ulong> entries = _world.PageTables.Entries(range);
        Span<Frame> frames = _frames.Frames;
        for (int i = 0; i < entries.Length; i++)
        {
            if (!TryFind(frames, entries[i], out Pfn pfn))
            {
                continue;
            }

            ref int head = ref HeadOf(ref frames[pfn.Value], pfn);
            int pointer = PtePointer.Make(range.Table, range.First + i);
            bool added = _chains.TryAdd(ref head, pointer, AllocationContext.Sleeping);
            Invariant.Require(added);
            locks.Take(pfn, 1);
        }

        locks.Count();
        ReturnSpares();
    }

    /// <summary>Present entries are about to be cleared.</summary>
    public void Unmapped(in PteRange range)
    {
        PageLocks locks = new(_world.Locks);
        Span<ulong> entries = _world.PageTables.Entries(range);
        Span<Frame> frames = _frames.Frames;
        for (int i = 0; i < entries.Length; i++)
        {
            if (TryFind(frames, entries[i], out Pfn pfn))
            {
                ref int head = ref HeadOf(ref frames[pfn.Value], pfn);
                locks.Take(pfn, _chains.Remove(ref head, PtePointer.Make(range.Table, range.First + i)));
            }
        }

        locks.Count();
    }

    /// <summary>
    /// fork set the entries of <paramref name="target"/>. Blocks are allocated under the page-table lock
    /// (GFP_ATOMIC); if one cannot be had, what was added for this range is taken back.
    /// </summary>
    public Errno Copied(in PteRange target)
    {
        PageLocks locks = new(_world.Locks);
        Span<ulong> entries = _world.PageTables.Entries(target);
        Span<Frame> frames = _frames.Frames;
        for (int i = 0; i < entries.Length; i++)
        {
            if (!TryFind(frames, entries[i], out Pfn pfn))
            {
                continue;
            }

            ref int head = ref HeadOf(ref frames[pfn.Value], pfn);
            if (!_chains.TryAdd(ref head, PtePointer.Make(target.Table, target.First + i), AllocationContext.Atomic))
            {
                locks.Count();
                if (i > 0)
                {
                    Unmapped(target with { Count = i });
                }

                return Errno.ENOMEM;
            }

            locks.Take(pfn, 1);
        }

        locks.Count();
        return Errno.None;
    }

    /// <summary>
    /// Entries are moving from one run of slots to another. Where the table itself moves, every pointer stays right: it
    /// names table and slot, and address space and address come from the table.
    /// </summary>
    public void Moved(in PteRange source, in PteRange target)
    {
        if (source.Table == target.Table && source.First == target.First)
        {
            return;
        }

        PageLocks locks = new(_world.Locks);
        Span<ulong> entries = _world.PageTables.Entries(source);
        Span<Frame> frames = _frames.Frames;
        for (int i = 0; i < entries.Length; i++)
        {
            if (TryFind(frames, entries[i], out Pfn pfn))
            {
                ref int head = ref HeadOf(ref frames[pfn.Value], pfn);
                int old = PtePointer.Make(source.Table, source.First + i);
                int fresh = PtePointer.Make(target.Table, target.First + i);
                locks.Take(pfn, _chains.Replace(ref head, old, fresh));
            }
        }

        locks.Count();
    }

    /// <summary>The tracked frame that an entry maps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFind(Span<Frame> frames, ulong pte, out Pfn pfn)
    {
        pfn = Pte.Frame(pte);
        return Pte.HasFrame(pte) && IsTracked(frames[pfn.Value]);
    }
}
