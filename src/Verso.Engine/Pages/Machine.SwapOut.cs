using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Reclaim of one anonymous folio: add_to_swap, try_to_unmap, and the folio goes.
public sealed partial class Machine<TPages>
{
    private readonly List<(MmId Mm, ulong Address)> _mappings = [];

    /// <inheritdoc/>
    public override Errno SwapOut(MmId mm, ulong address)
    {
        Errno errno = FindAnonymous(mm, address, out Pfn page);
        if (errno != Errno.None)
        {
            return errno;
        }

        bool isDirty = CollectMappings(page, out bool isLocked);
        if (isLocked)
        {
            return Errno.EBUSY;
        }

        if (_frames[page].Flags.HasFlag(FrameFlags.LazyFree) && !isDirty && TPages.Owner == PageOwner.PageTable)
        {
            // Given up by MADV_FREE and not written to since: it goes without being saved.
            _mappings.ForEach(at => ZapLeaf(VmaAt(at), EntryAt(at), UnmapReason.Reclaim));
            return Errno.None;
        }

        int slot = World.Swap.SlotOf(page);
        slot = slot != 0 ? slot : World.Swap.Allocate();
        if (slot == 0)
        {
            return Errno.ENOMEM;
        }

        foreach ((MmId Mm, ulong Address) at in _mappings)
        {
            UnmapToSwap(at, page, slot);
        }

        return FinishSwapOut(page, slot);
    }

    /// <summary>The anonymous folio that an entry maps. EFAULT where it maps none, EINVAL where a file's.</summary>
    private Errno FindAnonymous(MmId mm, ulong address, out Pfn page)
    {
        ulong pte = _tables.Read(_mms[mm], address);
        page = Pte.HasFrame(pte) ? Pte.Frame(pte) : default;
        return page.IsNone ? Errno.EFAULT : _frames[page].IsAnonymous ? Errno.None : Errno.EINVAL;
    }

    /// <summary>
    /// Walks the reverse map and notes every entry that maps the folio. Returns whether one is dirty.
    /// </summary>
    private bool CollectMappings(Pfn page, out bool isLocked)
    {
        _mappings.Clear();
        MappingVisitor visitor = new(this, page);
        WalkFrame(page, ref visitor);
        isLocked = _mappings.Exists(at => (_vmas[VmaAt(at)].Flags & VmaFlags.Locked) != 0);
        return _mappings.Exists(at => (_tables.Read(_mms[at.Mm], at.Address) & Pte.Dirty) != 0);
    }

    private VmaId VmaAt((MmId Mm, ulong Address) at) => Lookup(_mms[at.Mm], at.Address);

    private PteRange EntryAt((MmId Mm, ulong Address) at) =>
        PageTablePool.OnePage(_tables.FindLeaf(_mms[at.Mm], at.Address), at.Address);

    /// <summary>
    /// try_to_unmap_one: a swap entry takes the place of the page, or nothing where an object knows it.
    /// </summary>
    private void UnmapToSwap((MmId Mm, ulong Address) mapping, Pfn page, int slot)
    {
        PteRange at = EntryAt(mapping);
        TPages.Unmapped(_hooks, VmaAt(mapping), at, UnmapReason.Reclaim);
        ref ulong entry = ref _tables.Entry(at.Table, at.First);
        if (TPages.Owner == PageOwner.Object)
        {
            entry = 0;
            _tables.AddLive(at.Table, -1);
        }
        else
        {
            entry = Pte.MakeSwap(slot, _frames[page].IsExclusive);
            World.Swap.Hold(slot);
        }

        _frames[page].MapCount--;
        _counters.PtesZapped++;
    }

    /// <summary>
    /// The page goes to its slot. EBUSY where the walk missed an entry: then it stays, in the swap cache.
    /// </summary>
    private Errno FinishSwapOut(Pfn page, int slot)
    {
        if (_frames[page].MapCount > 0)
        {
            World.Swap.SetFrame(slot, page);
            _frames[page].Set(FrameFlags.SwapCache);
            return Errno.EBUSY;
        }

        if (TPages.Owner == PageOwner.Object)
        {
            World.Swap.Hold(slot);
            TPages.SwappedOut(_hooks, page, slot);
        }

        WriteOut(page, slot);
        _counters.SwappedOut++;
        return Errno.None;
    }

    /// <summary>A page that no entry maps any more is saved, and its frame is free.</summary>
    private void WriteOut(Pfn page, int slot)
    {
        World.Swap.SetFrame(slot, default);
        if (_frames.HasContents)
        {
            World.Swap.Write(slot, _frames.Bytes(page));
        }

        TPages.Release(_hooks, page);
        _frames.Free(page);
    }

    /// <summary>Notes the places that really map a folio.</summary>
    private readonly struct MappingVisitor(Machine<TPages> machine, Pfn frame) : IWalkVisitor
    {
        public WalkStep Visit(MmId mm, ulong address)
        {
            ulong pte = machine.ReadCandidate(mm, address);
            if (Pte.HasFrame(pte) && Pte.Frame(pte) == frame)
            {
                machine._mappings.Add((mm, address));
            }

            return WalkStep.Continue;
        }

        public void Dismiss(int count)
        {
        }
    }
}
