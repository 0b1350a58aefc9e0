using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps.PteChain;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// mremap=chain: a page that mremap moves gets a pte_chain, and keeps it until it is freed; the fallback that the mail
/// of 12 March 2004 objects to ("a persistent dynamic overhead").
/// </summary>
/// <remarks>
/// Such a page has mapping 0; the head of its chain lies in a side array. While no page has one, the hooks do nothing.
/// Pages are given their chain before they move, with pointers to where they still are, since only then may an
/// allocation fail.
/// </remarks>
internal sealed class MovedPages(World world, AnonmmLists lists)
{
    private readonly PointerChains _chains = new(world);
    private int[] _heads = [];
    private long _live;
    private long _total;

    /// <summary>Before a move: every anonymous page of the range gets its chain. ENOMEM.</summary>
    public Errno Chain(Mm mm, ulong start, ulong length)
    {
        ulong address = start;
        while (world.PageTables.TryNextRange(mm, ref address, start + length, out PteRange range))
        {
            for (int slot = range.First; slot < range.First + range.Count; slot++)
            {
                ulong pte = world.PageTables.Entry(range.Table, slot);
                bool chains = Pte.HasFrame(pte) && IsNamed(Pte.Frame(pte));
                if (chains && !TryChain(Pte.Frame(pte)))
                {
                    return Errno.ENOMEM;
                }
            }
        }

        return Errno.None;
    }

    /// <summary>
    /// Before a page that is back from swap is mapped once more: its chain if it is at two addresses now, and a block
    /// for the new entry. ENOMEM.
    /// </summary>
    public Errno Reserve(Pfn frame, ulong address)
    {
        bool isMoved = IsNamed(frame) && world.Frames[frame].Index != address >> Page.Shift;
        if (isMoved && !TryChain(frame))
        {
            return Errno.ENOMEM;
        }

        return IsChained(frame) ? _chains.Reserve(1) : Errno.None;
    }

    /// <summary>Present entries were set; the blocks they need have been reserved.</summary>
    public void Mapped(in PteRange range)
    {
        for (int i = 0; _live > 0 && i < range.Count; i++)
        {
            if (TryFind(range, i, out Pfn frame, out int pointer))
            {
                Invariant.Require(_chains.TryAdd(ref _heads[frame.Value], pointer, AllocationContext.Sleeping));
                CountLock(frame, 1);
            }
        }

        _chains.ReturnSpares();
    }

    /// <summary>A page moved to another frame, and its chain with it.</summary>
    public void Replace(Pfn old, Pfn fresh)
    {
        if (IsChained(fresh))
        {
            MakeRoom(fresh);
            _heads[fresh.Value] = _heads[old.Value];
            _heads[old.Value] = 0;
        }
    }

    /// <summary>Present entries are about to be cleared.</summary>
    public void Unmapped(in PteRange range)
    {
        for (int i = 0; _live > 0 && i < range.Count; i++)
        {
            if (TryFind(range, i, out Pfn frame, out int pointer))
            {
                CountLock(frame, _chains.Remove(ref _heads[frame.Value], pointer));
            }
        }
    }

    /// <summary>fork set the entries; if a block cannot be had, what was added for this range is taken back.</summary>
    public Errno Copied(in PteRange target)
    {
        for (int i = 0; _live > 0 && i < target.Count; i++)
        {
            if (!TryFind(target, i, out Pfn frame, out int pointer))
            {
                continue;
            }

            if (!_chains.TryAdd(ref _heads[frame.Value], pointer, AllocationContext.Atomic))
            {
                if (i > 0)
                {
                    Unmapped(target with { Count = i });
                }

                return Errno.ENOMEM;
            }

            CountLock(frame, 1);
        }

        return Errno.None;
    }

    /// <summary>Entries are moving. A table that moves as a whole leaves every pointer right.</summary>
    public void Follow(in PteRange source, in PteRange target)
    {
        if (source.Table == target.Table && source.First == target.First)
        {
            return;
        }

        for (int i = 0; _live > 0 && i < source.Count; i++)
        {
            if (TryFind(source, i, out Pfn frame, out int pointer))
            {
                int fresh = PtePointer.Make(target.Table, target.First + i);
                CountLock(frame, _chains.Replace(ref _heads[frame.Value], pointer, fresh));
            }
        }
    }

    /// <summary>Offers every entry of pages that have chains.</summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        WalkStep step = WalkStep.Continue;
        for (int page = 0; page < walk.Pages && step == WalkStep.Continue; page++)
        {
            Pfn frame = new(walk.Frame.Value + page);
            LockId held = LockId.Of(frame);
            world.Locks.Begin(held, LockMode.Write);
            step = _chains.Walk(_heads[frame.Value], walk.First + (ulong)page, ref visitor, out long visited);
            world.Locks.End(held, LockMode.Write, visited);
        }
    }

    /// <summary>A page with a chain is freed; its last entry took the last pointer.</summary>
    public void Release(Pfn frame)
    {
        Invariant.Require(_heads[frame.Value] == 0);
        _live--;
    }

    /// <summary>Checks one page that has a chain.</summary>
    public string? Audit(Pfn frame, PointerChains.Found found) => _chains.Audit(frame, _heads[frame.Value], found);

    /// <summary>Checks that no block is lost, after all pages.</summary>
    public string? AuditBlocks(PointerChains.Found found) => _chains.AuditBlockCount(found);

    /// <summary>What only this fallback counts.</summary>
    public IReadOnlyList<DesignFigure> Figures() =>
        [new("pages given a pte_chain by mremap", _total), new("pages with a pte_chain", _live, FigureKind.State)];

    private bool IsChained(Pfn frame) => world.Frames[frame].IsAnonymous && world.Frames[frame].Mapping == 0;

    private void MakeRoom(Pfn frame)
    {
        if (_heads.Length <= frame.Value)
        {
            Array.Resize(ref _heads, world.Frames.Capacity);
        }
    }

    private bool IsNamed(Pfn frame) => world.Frames[frame].IsAnonymous && world.Frames[frame].Mapping != 0;

    /// <summary>Finds the page's entries once more through its list, and notes each.</summary>
    private bool TryChain(Pfn frame)
    {
        int named = world.Frames[frame].Mapping;
        ulong address = world.Frames[frame].Index << Page.Shift;
        MakeRoom(frame);
        ref int head = ref _heads[frame.Value];
        Invariant.Require(head == 0);
        int missing = world.Frames[frame].MapCount;
        int at = named;
        do
        {
            int pointer = PointerIn(lists[at].Mm, address, frame);
            if (pointer != 0 && !_chains.TryAdd(ref head, pointer, AllocationContext.Sleeping))
            {
                _chains.Clear(ref head);
                return false;
            }

            missing -= pointer != 0 ? 1 : 0;
            at = lists[at].Next;
        }
        while (at != named && missing > 0);

        // All of them: so far the page was at this address wherever it was.
        Invariant.Require(missing == 0);
        world.Frames[frame].Mapping = 0;
        CountLock(frame, world.Frames[frame].MapCount);
        lists.Put(named);
        _live++;
        _total++;
        return true;
    }

    /// <summary>The entry of an address space that maps this page at this address; 0 if it does not.</summary>
    private int PointerIn(MmId mm, ulong address, Pfn frame)
    {
        int leaf = mm.IsNone ? 0 : world.PageTables.FindLeaf(world.Mms[mm], address);
        if (leaf == 0)
        {
            return 0;
        }

        ulong pte = world.PageTables.Entry(leaf, PageTablePool.SlotOf(address));
        return Pte.HasFrame(pte) && Pte.Frame(pte) == frame
            ? PtePointer.Make(leaf, PageTablePool.SlotOf(address))
            : 0;
    }

    private bool TryFind(in PteRange range, int at, out Pfn frame, out int pointer)
    {
        ulong pte = world.PageTables.Entry(range.Table, range.First + at);
        frame = Pte.Frame(pte);
        pointer = PtePointer.Make(range.Table, range.First + at);
        return Pte.HasFrame(pte) && IsChained(frame);
    }

    private void CountLock(Pfn page, long work) => world.Locks.Take(LockId.Of(page), LockMode.Write, work);
}
