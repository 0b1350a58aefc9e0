using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.Locks;

/// <summary>How long a lock is held: the steps of work between its begin and its end, whatever work is counted under it.</summary>
public sealed class LockDurationTests
{
    /// <summary>An entry is copied and the parent's write-protected; counted under the lock are VMAs, of which there is one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(700)]
    public void ForkHoldsTheMmapLockForTheEntriesThatItCopies(int pages)
    {
        Hold bare = Fork(written: 0);
        Hold full = Fork(pages);
        Assert.Equal(bare.Steps + (2 * pages), full.Steps);
        Assert.Equal((1, 1), (bare.Work, full.Work));
    }

    /// <summary>Entries that are not copied take no time: they are write-protected, and their extent has a reference more.</summary>
    [Fact]
    public void ForkThatCopiesNoEntryOnlyWriteProtects() =>
        Assert.Equal(Fork(written: 0, "reflink").Steps + 40 + 1, Fork(40, "reflink").Steps);

    /// <summary>One step a visit: the page of an ancestor is looked for in every mapping of the family.</summary>
    [Theory]
    [InlineData("anon-vma-chain", LockClass.AnonVmaRoot)]
    [InlineData("anon-area", LockClass.AnonArea)]
    [InlineData("anonmm", LockClass.AnonmmHead)]
    [InlineData("mm-address-space", LockClass.FamilySpace)]
    [InlineData("pte-chain", LockClass.Page)]
    public void AWalkHoldsItsLockForItsVisits(string design, LockClass lockClass)
    {
        PageStage stage = new PageStage(design).WithMemory(4);
        stage.Write(stage.Parent, 2, 7);
        for (int child = 0; child < 5; child++)
        {
            _ = stage.Fork(stage.Parent);
        }

        Durations durations = Durations.Of(stage.Machine);
        int visited = stage.Machine.Walk(stage.Parent, PageStage.At(2)).Visited;
        Hold held = Assert.Single(durations.Holds, hold => hold.Id.Class != LockClass.Rcu);
        Assert.Equal((lockClass, visited, visited), (held.Id.Class, held.Steps, held.Work));
        Assert.Equal(6, visited);
    }

    /// <summary>One by anon_vma finds that under RCU; one of contexts is under RCU throughout: six of them, and a look-up in each.</summary>
    [Theory]
    [InlineData("anon-vma-chain", 1)]
    [InlineData("anon-vma-lazy", 1)]
    [InlineData("reflink", 1)]
    [InlineData("cow-context", 12)]
    public void AWalkIsUnderRcuForSoManySteps(string design, int steps)
    {
        PageStage stage = new PageStage(design).WithMemory(4);
        stage.Write(stage.Parent, 2, 7);
        for (int child = 0; child < 5; child++)
        {
            _ = stage.Fork(stage.Parent);
        }

        Durations durations = Durations.Of(stage.Machine);
        _ = stage.Machine.Walk(stage.Parent, PageStage.At(2));
        Hold held = Assert.Single(durations.Holds, hold => hold.Id.Class == LockClass.Rcu);
        Assert.Equal((steps, steps), (held.Steps, held.Work));
    }

    /// <summary>What is done while a lock within is held is in the time of the one without.</summary>
    [Fact]
    public void AnOuterLockIsHeldAtLeastAsLongAsThoseWithin()
    {
        PageStage stage = new PageStage("anon-vma-chain").WithMemory(30);
        stage.Write(stage.Parent, 2, 7);
        Durations durations = Durations.Of(stage.Machine);
        stage.Unmap(stage.Parent, 0, 2);
        Hold outer = durations.Holds[^1];
        Assert.Equal(LockClass.Mmap, outer.Id.Class);
        Assert.True(durations.Holds.Count > 1);
        Assert.True(outer.Steps >= durations.Holds.SkipLast(1).Sum(within => within.Steps) + outer.Work);
    }

    private static Hold Fork(int written, string design = "anon-vma-chain")
    {
        PageStage stage = new PageStage(design).WithMemory(1024);

        // So that an anon_vma is there to be cloned.
        stage.Write(stage.Parent, 1023, 1);
        for (int page = 0; page < written; page++)
        {
            stage.Write(stage.Parent, page, 1);
        }

        Durations durations = Durations.Of(stage.Machine);
        _ = stage.Fork(stage.Parent);
        return durations.Holds.Single(hold => hold.Id == LockId.Of(stage.Parent));
    }

    private readonly record struct Hold(LockId Id, long Steps, long Work);

    /// <summary>Acquisitions in the order of their ends.</summary>
    private sealed class Durations : ILockLog
    {
        private readonly Stack<long> _began = [];

        public List<Hold> Holds { get; } = [];

        public static Durations Of(Machine machine)
        {
            Durations durations = new();
            machine.World.Locks.Log = durations;
            return durations;
        }

        public void Begin(LockId id, LockMode mode, int task, long step) => _began.Push(step);

        public void End(LockId id, LockMode mode, int task, long step, long work) => Holds.Add(new Hold(id, step - _began.Pop(), work));

        public void Gone(LockId id)
        {
        }
    }
}
