using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override Errno SwapOut(MmId mm, ulong address) => Reclaim.SwapOut(this, mm, address);
}

/// <summary>Reclaim of one anonymous folio: add_to_swap, try_to_unmap, and the folio goes.</summary>
internal static class Reclaim
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.SwapOut"/>.</summary>
        internal Errno SwapOut(MmId mm, ulong address)
        {
            Errno errno = machine.FindAnonymous(mm, address, out Pfn page);
            if (errno != Errno.None)
            {
                return errno;
            }

            bool isDirty = machine.CollectMappings(page, WalkPurpose.Unmap, out bool isLocked);
            if (isLocked)
            {
                return Errno.EBUSY;
            }

            if (machine.Frames[page].Flags.HasFlag(FrameFlags.LazyFree) && !isDirty
                && TPages.Owner == PageOwner.PageTable)
            {
                // Given up by MADV_FREE and not written to since: it goes without being saved.
                foreach ((MmId Mm, ulong Address) at in machine.Mappings)
                {
                    machine.ZapLeaf(machine.VmaAt(at), machine.EntryAt(at), UnmapReason.Reclaim);
                }

                return Errno.None;
            }

            int slot = machine.World.Swap.SlotOf(page);
            slot = slot != 0 ? slot : machine.World.Swap.Allocate();
            if (slot == 0)
            {
                return Errno.ENOMEM;
            }

            foreach ((MmId Mm, ulong Address) at in machine.Mappings)
            {
                machine.UnmapToSwap(at, page, slot);
            }

            return machine.FinishSwapOut(page, slot);
        }

        /// <summary>The anonymous folio that an entry maps. EFAULT where it maps none, EINVAL where a file's.</summary>
        internal Errno FindAnonymous(MmId mm, ulong address, out Pfn page)
        {
            ulong pte = machine.Tables.Read(machine.Mms[mm], address);
            page = Pte.HasFrame(pte) ? Pte.Frame(pte) : default;
            return page.IsNone ? Errno.EFAULT : machine.Frames[page].IsAnonymous ? Errno.None : Errno.EINVAL;
        }

        /// <summary>
        /// Walks the reverse map and notes every entry that maps the folio. Returns whether one is dirty.
        /// </summary>
        internal bool CollectMappings(Pfn page, WalkPurpose purpose, out bool isLocked)
        {
            machine.Mappings.Clear();
            Collecting each = new(machine.Mappings);
            _ = machine.WalkEntries(machine.WalkOf(page, purpose), ref each);
            isLocked = false;
            bool isDirty = false;
            foreach ((MmId Mm, ulong Address) at in machine.Mappings)
            {
                isLocked |= (machine.Vmas[machine.VmaAt(at)].Flags & VmaFlags.Locked) != 0;
                isDirty |= (machine.Tables.Read(machine.Mms[at.Mm], at.Address) & Pte.Dirty) != 0;
            }

            return isDirty;
        }

        private VmaId VmaAt((MmId Mm, ulong Address) at) => machine.Mms[at.Mm].Vmas.Lookup(at.Address);

        internal PteRange EntryAt((MmId Mm, ulong Address) at) =>
            PageTablePool.OnePage(machine.Tables.FindLeaf(machine.Mms[at.Mm], at.Address), at.Address);

        /// <summary>
        /// try_to_unmap_one: a swap entry takes the place of the page, or nothing where an object knows it.
        /// </summary>
        private void UnmapToSwap((MmId Mm, ulong Address) mapping, Pfn page, int slot)
        {
            PteRange at = machine.EntryAt(mapping);
            TPages.Unmapped(machine.Hooks, machine.VmaAt(mapping), at, UnmapReason.Reclaim);
            ref ulong entry = ref machine.Tables.Entry(at.Table, at.First);
            if (TPages.Owner == PageOwner.Object)
            {
                entry = 0;
                machine.Tables.AddLive(at.Table, -1);
            }
            else
            {
                entry = Pte.MakeSwap(slot, machine.Frames[page].IsExclusive);
                machine.World.Swap.Hold(slot);
            }

            machine.Frames[page].MapCount--;
            machine.Counters.PtesZapped++;
        }

        /// <summary>
        /// The page goes to its slot. EBUSY where the walk missed an entry: then it stays, in the swap cache.
        /// </summary>
        private Errno FinishSwapOut(Pfn page, int slot)
        {
            if (machine.Frames[page].MapCount > 0)
            {
                machine.World.Swap.SetFrame(slot, page);
                machine.Frames[page].Set(FrameFlags.SwapCache);
                return Errno.EBUSY;
            }

            if (TPages.Owner == PageOwner.Object)
            {
                machine.World.Swap.Hold(slot);
                TPages.SwappedOut(machine.Hooks, page, slot);
            }

            machine.WriteOut(page, slot);
            machine.Counters.SwappedOut++;
            return Errno.None;
        }
    }

    /// <summary>Notes the places that map a folio.</summary>
    private readonly struct Collecting(List<(MmId Mm, ulong Address)> places) : FrameWalks.IEntryVisitor
    {
        public void Found(MmId mm, ulong address) => places.Add((mm, address));
    }
}
