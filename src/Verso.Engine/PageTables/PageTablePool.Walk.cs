using System.Runtime.CompilerServices;

namespace Verso.Engine.PageTables;

// Ways down to the leaf and back up.
public sealed partial class PageTablePool
{
    /// <summary>The leaf table that translates this byte address, or 0.</summary>
    /// <remarks>
    /// Four dependent loads, or none where it is the leaf that was last asked for in this address space: walks that
    /// go from
    /// one address space to the next, page after page, hit it too.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindLeaf(Mm mm, ulong address)
    {
        int recent = mm.RecentLeaf;
        return recent != 0 && mm.RecentLeafNumber == LeafNumber(address) ? recent : FindLeafSlow(mm, address);
    }

    /// <summary>The entry at this byte address; 0 where there is no table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Read(Mm mm, ulong address)
    {
        int leaf = FindLeaf(mm, address);
        return leaf == 0 ? 0 : Entry(leaf, SlotOf(address));
    }

    /// <summary>
    /// The leaf table that translates this byte address, made together with the tables above it where it is missing;
    /// 0 if an allocation fails. Tables made before the failure stay (as with __pte_alloc).
    /// </summary>
    public int EnsureLeaf(Mm mm, ulong address)
    {
        int leaf = FindLeaf(mm, address);
        if (leaf != 0)
        {
            return leaf;
        }

        leaf = EnsureTable(mm, address, 0);
        if (leaf != 0)
        {
            Remember(mm, address, leaf);
        }

        return leaf;
    }

    /// <summary>
    /// The next run of entries within one leaf table that exists, from <paramref name="address"/> on and below
    /// <paramref name="end"/>; the address then moves past it. Gaps cost one step a missing table, not one a page.
    /// Operations over ranges come by here, so this is where they are cancelled.
    /// </summary>
    /// <exception cref="OperationCanceledException">The machine is given up.</exception>
    public bool TryNextRange(Mm mm, ref ulong address, ulong end, out PteRange range)
    {
        _cancellation.ThrowIfCancellationRequested();
        while (address < end)
        {
            int leaf = FindLeafOrSkip(mm, ref address);
            if (leaf != 0)
            {
                int first = SlotOf(address);
                ulong pages = (end - address) >> Page.Shift;
                int count = (int)Math.Min(pages, (ulong)(EntryCount - first));
                range = new PteRange(leaf, first, count, address);
                address += (ulong)count << Page.Shift;
                return true;
            }
        }

        range = default;
        return false;
    }

    /// <summary>
    /// Hangs a leaf with all its entries up at another address of its address space (move_normal_pmd). False if a table
    /// above the new place cannot be allocated. Tables above the old place stay, even empty, so that the way back needs
    /// no allocation. Requires: the address is a multiple of <see cref="LeafBytes"/> where no leaf is.
    /// </summary>
    internal bool TryMoveLeaf(Mm mm, int leaf, ulong address)
    {
        Invariant.Require((address & (LeafBytes - 1)) == 0);
        int parent = EnsureTable(mm, address, 1);
        if (parent == 0)
        {
            return false;
        }

        ref ulong place = ref Entry(parent, IndexOf(address, 1));
        Invariant.Require(place == 0);
        ref Table info = ref _tables[leaf];
        Entry(info.Parent, IndexOf(info.Base, 1)) = 0;
        AddLive(info.Parent, -1);
        place = (ulong)leaf;
        AddLive(parent, 1);
        info.Parent = parent;
        info.Base = address;
        mm.RecentLeaf = 0;
        return true;
    }

    /// <summary>Frees a leaf that has no live entry, and the tables above it that become empty.</summary>
    internal void FreeIfEmpty(Mm mm, int leaf)
    {
        int table = leaf;
        while (_tables[table].Live == 0)
        {
            Table info = _tables[table];
            Free(mm, table);
            if (info.Parent == 0)
            {
                mm.PageTableRoot = 0;
                return;
            }

            Entry(info.Parent, IndexOf(info.Base, info.Level + 1)) = 0;
            AddLive(info.Parent, -1);
            table = info.Parent;
        }
    }

    /// <summary>Frees every table of an address space. Requires: no leaf has a live entry.</summary>
    internal void FreeAll(Mm mm)
    {
        if (mm.PageTableRoot != 0)
        {
            FreeBelow(mm, mm.PageTableRoot);
            mm.PageTableRoot = 0;
        }
    }

    /// <summary>
    /// The table of a level that translates this byte address, made where it is missing; 0 on failure.
    /// </summary>
    private int EnsureTable(Mm mm, ulong address, int lowest)
    {
        int table = mm.PageTableRoot;
        if (table == 0)
        {
            table = Allocate(mm, TopLevel, address, parent: 0);
            mm.PageTableRoot = table;
        }

        for (int level = TopLevel; level > lowest && table != 0; level--)
        {
            int index = IndexOf(address, level);
            int child = (int)Entry(table, index);
            if (child == 0)
            {
                child = Allocate(mm, level - 1, address, table);
                if (child != 0)
                {
                    Entry(table, index) = (ulong)child;
                    AddLive(table, 1);
                }
            }

            table = child;
        }

        return table;
    }

    private static ulong LeafNumber(ulong address) => address >> (Page.Shift + IndexBits);

    private static void Remember(Mm mm, ulong address, int leaf)
    {
        mm.RecentLeafNumber = LeafNumber(address);
        mm.RecentLeaf = leaf;
    }

    private int FindLeafSlow(Mm mm, ulong address) => FindLeafOrSkip(mm, ref address);

    /// <summary>
    /// As <see cref="FindLeaf"/>; if there is none, the address moves to the next that a table may translate.
    /// </summary>
    private int FindLeafOrSkip(Mm mm, ref ulong address)
    {
        int table = mm.PageTableRoot;
        if (table == 0)
        {
            address = ulong.MaxValue;
            return 0;
        }

        for (int level = TopLevel; level > 0; level--)
        {
            table = (int)Entry(table, IndexOf(address, level));
            if (table == 0)
            {
                address = ((address >> ShiftOf(level)) + 1) << ShiftOf(level);
                return 0;
            }
        }

        Remember(mm, address, table);
        return table;
    }

    private void FreeBelow(Mm mm, int table)
    {
        int level = _tables[table].Level;
        if (level > 0)
        {
            Span<ulong> entries = Entries(table);
            for (int slot = 0; slot < EntryCount && _tables[table].Live > 0; slot++)
            {
                if (entries[slot] != 0)
                {
                    FreeBelow(mm, (int)entries[slot]);
                    entries[slot] = 0;
                    AddLive(table, -1);
                }
            }
        }

        Free(mm, table);
    }
}
