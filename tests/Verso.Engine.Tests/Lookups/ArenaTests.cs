using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Lookups;

/// <summary>What designs keep their objects and rows in.</summary>
public sealed class ArenaTests
{
    private readonly Ledger _ledger = new(null, new MemoryBudget(long.MaxValue, CancellationToken.None));

    [Fact]
    public void TheOneFreedLastIsGivenOutFirstAndIsAllZero()
    {
        Arena<Node> arena = new(_ledger, _ledger.Register("node", 8));
        int[] handles = [.. Enumerable.Range(0, 100).Select(_ => arena.Allocate())];
        Assert.Equal(Enumerable.Range(1, 100), handles);
        foreach (int handle in handles)
        {
            arena[handle] = new Node { Value = handle, Next = -1 };
        }

        arena.Free(7);
        arena.Free(3);
        Assert.Equal(0, arena[3].Value);
        Assert.Equal([3, 7, 101], [arena.Allocate(), arena.Allocate(), arena.Allocate()]);
        Assert.Equal(default, arena[3]);
        Assert.Equal(default, arena[7]);
        Assert.Equal(100, arena[100].Value);
        Assert.Equal((101, 102), (arena.LiveCount, arena.UsedCount));
    }

    /// <summary>What the ledger counted before, or does not count, is taken and forgotten without it.</summary>
    [Fact]
    public void TheLedgerCountsWhatIsAllocatedAndFreed()
    {
        Arena<Node> arena = new(_ledger, _ledger.Register("node", 8));
        int counted = arena.Allocate();
        int uncounted = arena.Take();
        Assert.Equal(1, Assert.Single(_ledger.Rows).Live);
        arena.Forget(uncounted);
        Assert.Equal(1, Assert.Single(_ledger.Rows).Live);
        arena.Free(counted);
        Assert.Equal((0, 0), (Assert.Single(_ledger.Rows).Live, arena.LiveCount));
    }

    [Fact]
    public void AnAllocationThatFailsTakesNoHandle()
    {
        Ledger ledger = new(new Never(), new MemoryBudget(long.MaxValue, CancellationToken.None));
        Arena<Node> arena = new(ledger, ledger.Register("node", 8));
        Assert.Equal(0, arena.Allocate());
        Assert.Equal((0, 1), (arena.LiveCount, arena.UsedCount));
    }

    [Fact]
    public void ARowOfAnyVmaIsZeroUntilItIsSet()
    {
        VmaRows<int> rows = new(new World(new MachineOptions()).Vmas);
        VmaId far = new(100_000);
        Assert.Equal(0, rows.Of(far));
        Assert.Equal(0, rows[far]);
        rows[far] = 5;
        rows[new VmaId(1)] = 4;
        Assert.Equal((5, 4, 0), (rows.Of(far), rows.Of(new VmaId(1)), rows.Of(new VmaId(2))));
    }

    private struct Node : IArenaSlot
    {
        public int Value;
        public int Next;

        int IArenaSlot.NextFree { readonly get => Next; set => Next = value; }
    }

    private sealed class Never : IAllocationFailure
    {
        public bool ShouldFail(string objectType) => true;
    }
}
