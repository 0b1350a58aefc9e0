using System.Runtime.CompilerServices;

namespace Verso.Engine.PageTables;

/// <summary>Every page table of a machine: x86-64 tables of 512 entries on four levels, by int handle.</summary>
/// <remarks>
/// <code>
///   Mm.PageTableRoot -> level 3 (512 GiB an entry) -> 2 (1 GiB) -> 1 (2 MiB) -> 0, the leaf: one Pte a page
///
///   _blocks[handle / 64][handle % 64 * 512 + slot]    entries: child handles above the leaf, Pte in the leaf
///   _tables[handle]                                   owner mm, base address, parent, level, live entries
/// </code>
/// <para>
/// Tables lie in blocks of 64 that never move, so a span of entries stays good when the pool grows. Each table
/// counts its live entries: an empty one is recognised without a scan. Each leaf knows whose it is and which address
/// its first slot translates, so a pair (table, slot) names one page of one address space.
/// </para>
/// <para>
/// A handle fits 22 bits, so that (table, slot) fits a positive int: 4 Mi tables, 8 TiB of mapped pages. The pool is
/// the limit there: an allocation beyond fails with ENOMEM.
/// </para>
/// </remarks>
public sealed partial class PageTablePool
{
    public const int EntryCount = 512;

    /// <summary>Level of the top table.</summary>
    public const int TopLevel = 3;

    /// <summary>One past the highest handle.</summary>
    public const int HandleLimit = 1 << 22;

    /// <summary>Bytes that a leaf table translates: 2 MiB.</summary>
    public const ulong LeafBytes = (ulong)EntryCount << Page.Shift;

    private const int IndexBits = 9;
    private const int BlockShift = 6;

    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private readonly CancellationToken _cancellation;
    private ulong[]?[] _blocks = new ulong[16][];
    private Table[] _tables = new Table[64];
    private int _firstFree;
    private int _used = 1;

    public PageTablePool(MachineOptions options, Ledger ledger)
    {
        _ledger = ledger;
        _cancellation = options.Cancellation;
        _type = ledger.Register("page_table", Page.Size);
    }

    /// <summary>One past the highest handle ever given out.</summary>
    public int UsedCount => _used;

    /// <summary>Tables in use, of every level.</summary>
    public int LiveCount { get; private set; }

    /// <summary>Bytes of the host that so many tables in use at once take, beyond what is taken now.</summary>
    internal long MissingBytes(long tables) => _ledger.MissingBytes(_type, Math.Min(tables, HandleLimit));

    /// <summary>What is known of one table besides its entries.</summary>
    public struct Table
    {
        /// <summary>The byte address that its first slot translates.</summary>
        public ulong Base;

        /// <summary>The address space it belongs to; none while the table is free.</summary>
        public MmId Owner;

        /// <summary>The table whose entry points here; 0 at the top. Of a free table: the next free one.</summary>
        public int Parent;

        /// <summary>Entries that are not empty.</summary>
        public short Live;

        /// <summary>0 for a leaf, 3 at the top.</summary>
        public byte Level;

        /// <summary>A table of Pte, in use.</summary>
        public readonly bool IsLeaf => Level == 0 && !Owner.IsNone;
    }

    /// <summary>What is known of a table.</summary>
    public ref readonly Table this[int table] => ref _tables[table];

    /// <summary>The 512 entries of a table; good until it is freed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> Entries(int table) =>
        _blocks[table >> BlockShift].AsSpan((table & ((1 << BlockShift) - 1)) << IndexBits, EntryCount);

    /// <summary>The entries of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> Entries(in PteRange range) => Entries(range.Table).Slice(range.First, range.Count);

    /// <summary>One entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong Entry(int table, int slot) =>
        ref _blocks[table >> BlockShift]![((table & ((1 << BlockShift) - 1)) << IndexBits) + slot];

    /// <summary>Which slot of a leaf translates this byte address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SlotOf(ulong address) => (int)(address >> Page.Shift) & (EntryCount - 1);

    /// <summary>The range of one page.</summary>
    public static PteRange OnePage(int table, ulong address) =>
        new(table, SlotOf(address), 1, Page.AlignDown(address));

    /// <summary>Sets an entry of a leaf to what is not empty. One that was empty becomes live.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Put(int table, int slot, ulong pte)
    {
        ref ulong entry = ref Entry(table, slot);
        if (entry == 0)
        {
            AddLive(table, 1);
        }

        entry = pte;
    }

    /// <summary>Tells how many entries of a leaf became live (or, negative, empty).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddLive(int table, int count)
    {
        ref Table info = ref _tables[table];
        int live = info.Live + count;
        Invariant.Require((uint)live <= EntryCount);
        info.Live = (short)live;
    }

    private static int ShiftOf(int level) => Page.Shift + (level * IndexBits);

    private static int IndexOf(ulong address, int level) => (int)(address >> ShiftOf(level)) & (EntryCount - 1);

    private int Allocate(Mm mm, int level, ulong address, int parent)
    {
        if ((_firstFree == 0 && _used == HandleLimit) || !_ledger.TryAllocate(_type))
        {
            return 0;
        }

        int table = _firstFree;
        if (table != 0)
        {
            _firstFree = _tables[table].Parent;
        }
        else
        {
            table = _used++;
            MakeRoom(table);
        }

        ulong span = 1UL << ShiftOf(level + 1);
        _tables[table] = new Table
        {
            Base = address & ~(span - 1),
            Owner = mm.Id,
            Parent = parent,
            Level = (byte)level,
        };
        LiveCount++;
        return table;
    }

    private void MakeRoom(int table)
    {
        if (table == _tables.Length)
        {
            Array.Resize(ref _tables, table * 2);
        }

        int block = table >> BlockShift;
        if (block == _blocks.Length)
        {
            Array.Resize(ref _blocks, block * 2);
        }

        _blocks[block] ??= new ulong[EntryCount << BlockShift];
    }

    private void Free(Mm mm, int table)
    {
        ref Table info = ref _tables[table];
        Invariant.Require(info.Live == 0);
        Invariant.Require(info.Owner == mm.Id);
        info = new Table { Parent = _firstFree };
        _firstFree = table;
        if (mm.RecentLeaf == table)
        {
            mm.RecentLeaf = 0;
        }

        LiveCount--;
        _ledger.Release(_type);
    }
}
