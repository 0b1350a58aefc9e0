using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>The tree of VMAs answers as a sorted list searched from end to end does, whatever came and went.</summary>
/// <remarks>
/// Strategy: two trees of one pool and two sorted lists take the same random changes, of few VMAs and of many, and
/// are asked the same random questions after each. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class VmaTreeTests
{
    /// <summary>How the members of a run lie: most of them between steps, and the pages a hole has at most.</summary>
    [Theory]
    [InlineData(6, 2, 400)]
    [InlineData(40, 1, 600)]
    [InlineData(300, 3, 1500)]
    [InlineData(300, 40, 1500)]
    [InlineData(3000, 5, 12000)]
    public void Answers_as_a_sorted_list_does(int members, int hole, int steps)
    {
        for (int run = 0; run < 4; run++)
        {
            ulong seed = (ulong)(RandomSeed.First + run);
            SplitMix64 random = new(seed);
            VmaNodePool pool = new();
            VmaTree[] trees = [new VmaTree(pool), new VmaTree(pool)];
            VmaTreeModel[] models = [new VmaTreeModel(), new VmaTreeModel()];
            for (int step = 0; step < steps; step++)
            {
                int at = random.Below(2);
                string where = $"seed {seed}, {members} members, step {step}";
                Change(trees[at], models[at], random, members, hole);
                Ask(trees[at], models[at], random, where);
                if (step % 16 == 0 || step > steps - 20)
                {
                    Assert.True(trees[at].Audit() is null, $"{where}: {trees[at].Audit()}");
                    Assert.Equal(models[at].Ids, All(trees[at].Ids));
                }
            }

            EmptyOneByOne(trees[0], models[0], random);
            trees[1].Clear();
            Assert.Empty(All(trees[1].Ids));
            Assert.Equal(1, pool.Live);
        }
    }

    /// <summary>As mmap fills an address space (downwards), fork a child's (upwards), and a shuffled order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(7919)]
    public void Keeps_order_and_balance_however_it_is_filled(int stride)
    {
        const int Many = 20_000;
        VmaNodePool pool = new();
        VmaTree tree = new(pool);
        for (int step = 0; step < Many; step++)
        {
            int at = (int)((((long)step * stride % Many) + Many) % Many);
            tree.Insert(Address(at * 2), Address((at * 2) + 1), new VmaId(at + 1));
        }

        Assert.Null(tree.Audit());
        Assert.Equal(Enumerable.Range(1, Many).Select(id => new VmaId(id)), All(tree.Ids));
        Assert.InRange(pool.Live, Many / 32, stride is 1 or -1 ? Many / 27 : Many / 15);
        Assert.True(tree.TryHighestHole(0, Address(Many * 2), 1, out VmaHole hole));
        Assert.Equal(new VmaHole(Address((Many * 2) - 1), Address(Many * 2), default), hole);
    }

    /// <summary>The lowest address is one that root may map; the highest is that of [vsyscall].</summary>
    [Fact]
    public void Holds_the_first_page_and_the_last_there_can_be()
    {
        VmaTree tree = new(new VmaNodePool());
        const ulong Vsyscall = 0xffffffffff600000;
        tree.Insert(Vsyscall, Vsyscall + Page.Size, new VmaId(2));
        tree.Insert(0, Page.Size, new VmaId(1));
        Assert.Equal(new VmaId(1), tree.Lookup(0));
        Assert.Equal(new VmaId(2), tree.Lookup(Vsyscall));
        Assert.Equal((new VmaId(1), new VmaId(2)), tree.Around(Page.Size));
        Assert.Equal((default, new VmaId(2)), tree.Beside(0));
        Assert.Equal(new VmaId(2), tree.AtOrBelow(ulong.MaxValue));
        Assert.True(tree.TryLowestHole(0, Page.TaskSize, Page.Size, out VmaHole hole));
        Assert.Equal(new VmaHole(Page.Size, Page.TaskSize, new VmaId(2)), hole);
        Assert.Null(tree.Audit());
    }

    [Fact]
    public void Refuses_what_overlaps_and_what_is_not_there()
    {
        VmaTree tree = new(new VmaNodePool());
        tree.Insert(Address(4), Address(8), new VmaId(1));
        tree.Insert(Address(8), Address(9), new VmaId(2));
        Assert.Throws<InvariantException>(() => tree.Insert(Address(7), Address(8), new VmaId(3)));
        Assert.Throws<InvariantException>(() => tree.Insert(Address(2), Address(5), new VmaId(3)));
        Assert.Throws<InvariantException>(() => tree.Insert(Address(2), Address(2), new VmaId(3)));
        Assert.Throws<InvariantException>(() => tree.Remove(Address(5)));
        Assert.Throws<InvariantException>(() => tree.Remove(0));
        Assert.Throws<InvariantException>(() => tree.Resize(Address(4), Address(4), Address(9)));
        Assert.Throws<InvariantException>(() => tree.Resize(Address(8), Address(7), Address(9)));
        Assert.Null(tree.Audit());
        Assert.Equal(2, tree.Count);
    }

    [Fact]
    public void Allocates_nothing_once_its_nodes_are_there()
    {
        VmaTree tree = new(new VmaNodePool());
        Round(tree);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Round(tree);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Round(VmaTree tree)
        {
            for (int at = 0; at < 5000; at++)
            {
                tree.Insert(Address(at * 3), Address((at * 3) + 2), new VmaId(at + 1));
            }

            _ = tree.TryHighestHole(0, Address(9000), 2 * Page.Size, out _);
            foreach (VmaId id in tree.Within(Address(20), Address(600)))
            {
                tree.Resize(Address((id.Value - 1) * 3), Address((id.Value - 1) * 3), Address(((id.Value - 1) * 3) + 1));
            }

            for (int at = 0; at < 5000; at += 2)
            {
                tree.Remove(Address(at * 3));
            }

            tree.Clear();
        }
    }

    private static void Change(VmaTree tree, VmaTreeModel model, SplitMix64 random, int members, int hole)
    {
        // More comes than goes until there are enough, then less.
        int kind = random.Below(8);
        if (model.Count > 0 && kind == 0)
        {
            int at = random.Below(model.Count);
            (ulong low, ulong high) = model.RoomAround(at);
            ulong start = low + Address(random.Below((int)Math.Min((ulong)hole, (high - low) >> Page.Shift)));
            ulong end = Math.Min(high, start + Address(1 + random.Below(hole)));
            tree.Resize(model.StartOf(at), start, end);
            model.Resize(at, start, end);
        }
        else if (model.Count > 0 && kind < (model.Count < members ? 3 : 6))
        {
            ulong start = model.StartOf(random.Below(model.Count));
            tree.Remove(start);
            model.Remove(start);
        }
        else
        {
            ulong start = Address(random.Below(members * (hole + 2)));
            ulong end = start + Address(1 + random.Below(2));
            bool isFree = model.IsFree(start, end);
            Assert.Equal(isFree, !tree.Intersects(start, end));
            if (isFree)
            {
                VmaId id = new(random.Below(1 << 30) + 1);
                tree.Insert(start, end, id);
                model.Insert(start, end, id);
            }
        }
    }

    private static void Ask(VmaTree tree, VmaTreeModel model, SplitMix64 random, string where)
    {
        Assert.Equal(model.Count, tree.Count);
        ulong address = model.Somewhere(random);
        ulong above = Math.Max(address, model.Somewhere(random));
        Assert.True(model.Around(address) == tree.Around(address), $"{where}: around {address:x}");
        Assert.True(model.Around(address).Prev == tree.AtOrBelow(address), $"{where}: at or below {address:x}");
        Assert.True(model.Find(address) == tree.Find(address), $"{where}: find {address:x}");
        Assert.True(model.Lookup(address) == tree.Lookup(address), $"{where}: look up {address:x}");
        if (random.Below(8) == 0)
        {
            Assert.Equal(model.Within(address, above), All(tree.Within(address, above)));
        }

        if (model.Count > 0)
        {
            int at = random.Below(model.Count);
            Assert.True(model.Beside(at) == tree.Beside(model.StartOf(at)), $"{where}: beside {model.StartOf(at):x}");
        }

        ulong length = Address(1 + random.Below(random.Below(6) + 1)) - (ulong)random.Below(2);
        ulong highest = random.Below(3) == 0 ? Page.TaskSize : above;
        bool found = tree.TryHighestHole(address, highest, length, out VmaHole hole);
        Assert.True(model.HighestHole(address, highest, length) == (found ? hole : null), $"{where}: highest");
        found = tree.TryLowestHole(address, highest, length, out hole);
        Assert.True(model.LowestHole(address, highest, length) == (found ? hole : null), $"{where}: lowest");
    }

    private static void EmptyOneByOne(VmaTree tree, VmaTreeModel model, SplitMix64 random)
    {
        while (model.Count > 0)
        {
            ulong start = model.StartOf(random.Below(model.Count));
            tree.Remove(start);
            model.Remove(start);
            Assert.True(model.Count % 8 > 0 || tree.Audit() is null, tree.Audit());
        }

        Assert.Equal(0, tree.Count);
        Assert.True(tree.TryLowestHole(0, Page.TaskSize, Page.TaskSize, out _));
    }

    private static ulong Address(int page) => (ulong)page << Page.Shift;

    private static List<VmaId> All(VmaRange range)
    {
        List<VmaId> ids = [];
        foreach (VmaId id in range)
        {
            ids.Add(id);
        }

        return ids;
    }
}
