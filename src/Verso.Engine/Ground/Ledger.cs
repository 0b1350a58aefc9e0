namespace Verso.Engine;

/// <summary>A type of kernel object that a design or the machine allocates.</summary>
/// <param name="Index">Its row in the <see cref="Ledger"/>.</param>
public readonly record struct ObjectType(int Index);

/// <summary>Where an allocation happens: may it sleep?</summary>
public enum AllocationContext
{
    /// <summary>GFP_KERNEL.</summary>
    Sleeping = 0,

    /// <summary>Under a spinlock: GFP_ATOMIC, the complaint of the 2004 mail.</summary>
    Atomic = 1,
}

/// <summary>When the memory of an object may be used again that has been freed.</summary>
public enum Freeing
{
    /// <summary>At once (kfree), or for an object of its type (SLAB_TYPESAFE_BY_RCU).</summary>
    AtOnce = 0,

    /// <summary>When everybody who may have found it under RCU has left (kfree_rcu).</summary>
    AfterGrace = 1,
}

/// <summary>
/// Every kernel object of a machine by type: how many live, how many at the peak, with the kernel's own struct sizes.
/// All allocations pass here, so that a test can make any of them fail.
/// </summary>
/// <remarks>Objects are counted, not stored; storage is the arenas'.</remarks>
/// <param name="failure">Makes chosen allocations fail; null: none does.</param>
/// <param name="budget">What the objects take of the host's memory.</param>
/// <param name="word">Of the machine whose structs they are.</param>
public sealed class Ledger(
    IAllocationFailure? failure, MemoryBudget budget, MachineWord word = MachineWord.Bits64)
{
    /// <summary>What arenas keep beside an object: free lists, rows by handle.</summary>
    private const int BookkeepingBytes = 32;

    private readonly List<Row> _rows = [];
    private Row[] _byType = [];

    /// <summary>One type's figures.</summary>
    public sealed class Row
    {
        public required string Name { get; init; }

        /// <summary>Bytes of one object in the kernel.</summary>
        public required int SizeBytes { get; init; }

        /// <summary>Bytes that the machine takes of the host for one, about.</summary>
        internal int HeldBytes { get; init; }

        public long Live { get; internal set; }

        public long Peak { get; internal set; }

        public long Allocated { get; internal set; }

        /// <summary>Of <see cref="Allocated"/>, those made under a spinlock.</summary>
        public long AllocatedAtomic { get; internal set; }

        /// <summary>Whether those that are freed wait for the end of a grace period of RCU.</summary>
        public bool WaitsForGrace { get; init; }

        /// <summary>How many have been freed so, since the machine began.</summary>
        public long FreedAfterGrace => WaitsForGrace ? Allocated - Live : 0;
    }

    /// <summary>The figures of every registered type, in order of registration.</summary>
    public IReadOnlyList<Row> Rows => _rows;

    /// <summary>Adds a type that is as long on every machine.</summary>
    public ObjectType Register(string name, int sizeBytes) =>
        Register(name, new KernelSize(sizeBytes, sizeBytes));

    /// <summary>Adds a type.</summary>
    public ObjectType Register(string name, KernelSize size, Freeing freeing = Freeing.AtOnce) =>
        Register(name, size, size.On64 + BookkeepingBytes, freeing);

    /// <summary>Adds a type of which one takes so many bytes of the host. Requires: the name is new.</summary>
    internal ObjectType Register(string name, KernelSize size, int heldBytes, Freeing freeing = Freeing.AtOnce)
    {
        Invariant.Require(_rows.TrueForAll(row => row.Name != name));
        _rows.Add(new Row
        {
            Name = name,
            SizeBytes = size.On(word),
            HeldBytes = heldBytes,
            WaitsForGrace = freeing == Freeing.AfterGrace,
        });
        _byType = [.. _rows];
        return new ObjectType(_rows.Count - 1);
    }

    /// <summary>Counts one more object, unless this allocation is chosen to fail.</summary>
    public bool TryAllocate(ObjectType type, AllocationContext context = AllocationContext.Sleeping) =>
        TryAllocate(type, 1, context);

    /// <summary>The same of so many that are allocated as one: all, or none.</summary>
    public bool TryAllocate(ObjectType type, int count, AllocationContext context = AllocationContext.Sleeping)
    {
        Row row = _byType[type.Index];
        if (failure is not null && failure.ShouldFail(row.Name))
        {
            return false;
        }

        row.Allocated += count;
        if (context == AllocationContext.Atomic)
        {
            row.AllocatedAtomic += count;
        }

        Raise(row, count);
        return true;
    }

    /// <summary>
    /// Counts one more that is not allocated, as an object which was counted under another type goes on as this.
    /// </summary>
    internal void Keep(ObjectType type) => Raise(_byType[type.Index], 1);

    /// <summary>Bytes of the host that it takes until so many are live at once, beyond what is taken now.</summary>
    internal long MissingBytes(ObjectType type, long live)
    {
        Row row = _byType[type.Index];
        return Math.Max(live - row.Peak, 0) * row.HeldBytes;
    }

    /// <summary>Counts one object less.</summary>
    public void Release(ObjectType type) => Release(type, 1);

    /// <summary>Counts so many objects less. Requires: they are live.</summary>
    public void Release(ObjectType type, long count)
    {
        Row row = _byType[type.Index];
        Invariant.Require(row.Live >= count);
        row.Live -= count;
    }

    private void Raise(Row row, int count)
    {
        row.Live += count;
        if (row.Live > row.Peak)
        {
            long added = row.Live - row.Peak;
            row.Peak = row.Live;
            budget.Hold(added * row.HeldBytes);
        }
    }
}
