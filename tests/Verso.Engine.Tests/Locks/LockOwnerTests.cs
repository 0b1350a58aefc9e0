using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Conformance;
using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.Locks;

/// <summary>Whose lock an acquisition is: each design has its own, and a walk takes one that changes take.</summary>
/// <remarks>
/// Strategy: random scenarios, seeds 1 to 12, every second one with failing allocations, are run by every design.
/// </remarks>
public sealed class LockOwnerTests
{
    /// <summary>Fork, split, merge, move, swap, migration, a file and its truncation; all in one machine.</summary>
    private const string Everything = """
        map A 4 6 rw; write A 4 1; write A 5 2; write A 6 3; write A 7 4
        file A 20 4 rw f 0; write A 21 5; read A 22
        fork A B; write B 5 7; fork B C; write C 5 8
        protect A 5 2 r-; protect A 5 2 rw
        migrate A 4; swapout A 6; read B 6
        remap A 4 4 4 maymove fixed 40; unmap A 40 1
        truncate f 2; exit B; exit C
        """;

    private static readonly Dictionary<string, LockClass[]> _own = new()
    {
        ["page-table-scan"] = [LockClass.PageTable],
        ["pte-chain"] = [LockClass.Page],
        ["anon-area"] = [LockClass.AnonArea],
        ["address-space-tree"] = [LockClass.AddressSpace],
        ["anonmm"] = [LockClass.AnonmmHead, LockClass.Page],
        ["mm-address-space"] = [LockClass.FamilySpace],
        ["anon-vma"] = [LockClass.AnonVma],
        ["anon-vma-chain"] = [LockClass.AnonVmaRoot, LockClass.Rcu],
        ["matena-merging"] = [LockClass.AnonVmaRoot, LockClass.Rcu],
        ["anon-vma-flags"] = [LockClass.AnonVmaRoot, LockClass.Rcu],
        ["reflink"] = [LockClass.Extent, LockClass.Rcu],
        ["anon-vma-lazy"] = [LockClass.Vma, LockClass.AnonVmaRoot, LockClass.Rcu],
        ["cow-context"] = [LockClass.CowContext, LockClass.CowRemaps, LockClass.Rcu],
        ["relocate-anon"] = [LockClass.AnonVmaRoot, LockClass.Rcu],
    };

    public static TheoryData<string> Designs => [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    /// <summary>Its walks take no lock (RCU), and those of a scan that of each page table, which fork does not take.</summary>
    public static TheoryData<string> DesignsWithALockOfWalks => [.. Designs.Select(row => row.Data).Except(["page-table-scan", "cow-context"])];

    [Theory]
    [MemberData(nameof(Designs))]
    public void EveryDesignTakesItsOwnLocksAndNoOthers(string design)
    {
        Stage stage = Stage.After(design, "");
        LockAudit audit = LockAudit.Of(stage.Machine);
        stage.Do(Everything);
        IEnumerable<LockClass> seen = Enum.GetValues<LockClass>().Where(each => audit.Seen[(int)each] > 0);
        Assert.Equal(_own[design].Concat([LockClass.Mmap, LockClass.FileMap]).Order(), seen.Order());
        Assert.Null(audit.Check());
    }

    /// <summary>Else a walk could go on while fork adds the entries that it must find.</summary>
    [Theory]
    [MemberData(nameof(DesignsWithALockOfWalks))]
    public void AWalkTakesALockThatForkTookForWriting(string design)
    {
        Stage stage = Stage.After(design, "map A 4 3 rw; write A 5 7; fork A B");
        LockAudit forking = LockAudit.Of(stage.Machine);
        Assert.Equal(Errno.None, stage.Machine.Fork(stage.Mm('A'), out _).Errno);
        LockAudit walking = LockAudit.Of(stage.Machine);
        Assert.Equal(3, stage.Walk('A', 5).Visited);
        LockId walked = Assert.Single(walking.Owners.Keys, id => id.Class != LockClass.Rcu);
        Assert.Contains(walked, forking.Owners);
    }

    /// <summary>A family has one root, another program another.</summary>
    [Fact]
    public void TheRootOfAFamilyIsOneOwner()
    {
        Stage stage = Stage.After("anon-vma-chain", "map A 4 3 rw; write A 5 7; begin Z");
        LockAudit audit = LockAudit.Of(stage.Machine);
        stage.Do("fork A B; fork B C; write C 5 1; write C 6 1; protect C 5 1 r-");
        Assert.Single(audit.Owners.Keys, id => id.Class == LockClass.AnonVmaRoot);
        stage.Do("map Z 4 3 rw; write Z 5 7");
        Assert.Equal(2, audit.Owners.Keys.Count(id => id.Class == LockClass.AnonVmaRoot));
    }

    /// <summary>The order of vma_prepare: i_mmap_rwsem, then the root's rwsem, both under the mmap lock.</summary>
    [Fact]
    public void BoundsOfAPrivateFileMappingChangeUnderThreeLocks()
    {
        Stage stage = Stage.After("anon-vma-chain", "file A 20 4 rw f 0; write A 21 5");
        Order order = new();
        stage.Machine.World.Locks.Log = order;
        stage.Do("unmap A 20 1");
        Assert.Equal([LockClass.Mmap, LockClass.FileMap, LockClass.AnonVmaRoot], order.Deepest);
    }

    /// <summary>mm_populate comes when the call has let go of the mmap lock; a fault then prepares.</summary>
    [Fact]
    public void PopulatingIsNotUnderTheMmapLock()
    {
        Stage stage = Stage.After("anon-vma-chain", "");
        Order order = new();
        stage.Machine.World.Locks.Log = order;
        stage.Do("map A 4 3 rw populate");
        Assert.Equal([LockClass.Mmap], order.Deepest);
        Assert.Contains(LockClass.AnonVmaRoot, order.All);
    }

    /// <summary>Naming memory, growing a stack and retracting page tables, which are no steps of scenarios.</summary>
    [Fact]
    public void WhatNoScenarioDoesTakesItsLocksToo()
    {
        const ulong TableBytes = 512 * Page.Size;
        PageStage stage = new("anon-vma-chain");
        FileId file = stage.Machine.OpenFile(FileKind.Regular, 1, 1, TableBytes);
        stage.Map(512, MapFlags.Private, Protection.Read, file);
        stage.Map(1, MapFlags.Private | MapFlags.Anonymous | MapFlags.GrowsDown, at: 2000);
        _ = stage.Read(stage.Parent, 3);
        LockAudit audit = LockAudit.Of(stage.Machine);
        Assert.Equal(Errno.None, stage.Machine.SetName(stage.Parent, PageStage.At(2000), Page.Size, "stack").Errno);
        Assert.Equal(Errno.None, stage.Machine.GrowStack(stage.Parent, PageStage.At(1998)));
        Assert.Equal(2, audit.Seen[(int)LockClass.Mmap]);
        Assert.Equal(new RetractOutcome(1, 0), stage.Machine.RetractTables(file, 0));
        Assert.Equal(1, audit.Seen[(int)LockClass.FileMap]);
        Assert.Null(audit.Check());
    }

    [Fact]
    public void TheTaskThatActsIsTold()
    {
        Stage stage = Stage.After("anon-vma-chain", "");
        LockAudit audit = LockAudit.Of(stage.Machine);
        stage.Machine.World.Locks.Task = 812;
        stage.Do("map A 4 3 rw; write A 5 7");
        Assert.Equal([812], audit.Tasks);
        Assert.Null(audit.Check());
    }

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void CountsAreTheSameWhetherSomebodyListensOrNot(string design)
    {
        for (ulong seed = 1; seed <= 12; seed++)
        {
            ScenarioMaker maker = new(seed);
            Scenario scenario = (seed & 1) == 0 ? maker.Make(60) : maker.MakeFailing(60);
            string told = ScenarioRun.Record(DesignCases.Named(design), scenario);
            Assert.Equal(told, ScenarioRun.Record(DesignCases.Named(design), scenario, locks: LockLog.None));
        }
    }

    /// <summary>What is held when most is.</summary>
    private sealed class Order : ILockLog
    {
        private readonly List<LockClass> _held = [];

        public List<LockClass> Deepest { get; private set; } = [];

        public List<LockClass> All { get; } = [];

        public void Begin(LockId id, LockMode mode, int task, long step)
        {
            _held.Add(id.Class);
            All.Add(id.Class);
            Deepest = _held.Count > Deepest.Count ? [.. _held] : Deepest;
        }

        public void End(LockId id, LockMode mode, int task, long step, long work) => _held.Remove(id.Class);

        public void Gone(LockId id)
        {
        }
    }
}
