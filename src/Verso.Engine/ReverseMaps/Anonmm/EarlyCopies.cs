using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// mremap=copy-early: a page mapped once takes its new address with it; one that others map too is copied before it
/// moves (mremap_move_anon_rmap and its caller in rmap 11, April 2004; Torvalds' suggestion).
/// </summary>
internal sealed class EarlyCopies(World world, AnonmmLists lists)
{
    private long _copied;
    private long _readdressed;

    /// <summary>
    /// Before a move: every anonymous page of the range that is mapped elsewhere too is copied. ENOMEM.
    /// </summary>
    public Errno CopyShared(VmaId vma, ulong start, ulong length)
    {
        Mm mm = world.Mms[world.Vmas[vma].Mm];
        ulong address = start;
        while (world.PageTables.TryNextRange(mm, ref address, start + length, out PteRange range))
        {
            for (int slot = range.First; slot < range.First + range.Count; slot++)
            {
                ulong pte = world.PageTables.Entry(range.Table, slot);
                bool copies = Pte.HasFrame(pte) && IsShared(world.Frames[Pte.Frame(pte)]);
                if (copies && !TryCopy(vma, range.Table, slot, range.AddressOf(slot)))
                {
                    return Errno.ENOMEM;
                }
            }
        }

        return Errno.None;
    }

    /// <summary>
    /// A swap entry whose page is back at another address gets a copy in a slot of its own: nobody else has that, so
    /// the page that is read from it is exclusive. ENOMEM.
    /// </summary>
    public Errno CopySwapped(in PteRange at, int slot)
    {
        Pfn cached = world.Swap.FrameOf(slot);
        if (world.Frames[cached].Index == at.Address >> Page.Shift)
        {
            return Errno.None;
        }

        int own = world.Swap.Allocate();
        if (own == 0)
        {
            return Errno.ENOMEM;
        }

        if (world.Frames.HasContents)
        {
            world.Swap.Write(own, world.Frames.Bytes(cached));
        }

        world.Swap.Hold(own);
        world.PageTables.Entry(at.Table, at.First) = Pte.MakeSwap(own, isExclusive: true);
        if (world.Swap.Release(slot))
        {
            world.Frames[cached].Clear(FrameFlags.SwapCache);
        }

        _copied++;
        return Errno.None;
    }

    /// <summary>Entries are moving; every anonymous page among them is mapped once.</summary>
    public void Readdress(in PteRange source, in PteRange target)
    {
        for (int i = 0; i < source.Count; i++)
        {
            ulong pte = world.PageTables.Entry(source.Table, source.First + i);
            if (Pte.HasFrame(pte) && world.Frames[Pte.Frame(pte)].IsAnonymous)
            {
                ref Frame page = ref world.Frames[Pte.Frame(pte)];
                Invariant.Require(page.MapCount == 1);
                page.Index = target.AddressOf(target.First + i) >> Page.Shift;
                _readdressed++;
            }
        }
    }

    /// <summary>What only this fallback counts.</summary>
    public IReadOnlyList<DesignFigure> Figures() =>
        [new("pages copied early by mremap", _copied), new("pages given a new address by mremap", _readdressed)];

    private static bool IsShared(in Frame page) => page.IsAnonymous && page.MapCount > 1;

    private bool TryCopy(VmaId vma, int table, int slot, ulong address)
    {
        ref ulong entry = ref world.PageTables.Entry(table, slot);
        Pfn old = Pte.Frame(entry);
        Pfn fresh = world.Frames.Allocate(FrameFlags.Anonymous | FrameFlags.Exclusive, address >> Page.Shift);
        if (fresh.IsNone)
        {
            return false;
        }

        if (world.Frames.HasContents)
        {
            world.Frames.Bytes(old).CopyTo(world.Frames.Bytes(fresh));
        }

        int own = lists.Of(world.Vmas[vma].Mm);
        lists.Get(own);
        world.Frames[fresh].Mapping = own;
        world.Frames[fresh].MapCount = 1;
        Invariant.Require(--world.Frames[old].MapCount > 0);
        bool writable = (world.Vmas[vma].Flags & VmaFlags.Write) != 0;
        entry = Pte.Make(fresh, writable ? Pte.Write | Pte.Dirty : Pte.Dirty);
        _copied++;
        return true;
    }
}
