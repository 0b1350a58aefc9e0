using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Pages;

/// <summary>What is particular to pte-chain and to page-table-scan.</summary>
public sealed class PteChainTests
{
    private const string PteChain = "pte-chain";

    /// <summary>
    /// 1 mapping: direct. 2..7: one block. 8..14: two. Only the first block of a chain is partly used.
    /// </summary>
    [Fact]
    public void Blocks_follow_the_map_count()
    {
        PageStage scenario = new PageStage(PteChain).WithMemory(4);
        scenario.Write(scenario.Parent, 0, 1);
        Stack<MmId> children = new();
        for (int mapCount = 1; mapCount <= 16; mapCount++)
        {
            Assert.Equal(BlocksFor(mapCount), scenario.Live("pte_chain"));
            scenario.Check();
            children.Push(scenario.Fork(scenario.Parent));
        }

        Assert.Equal(16, scenario.Counters.PtesCopied);
        Assert.Equal(3, scenario.Machine.Ledger.Rows.Single(row => row.Name == "pte_chain").AllocatedAtomic);
        for (int mapCount = 16; mapCount >= 1; mapCount--)
        {
            scenario.Machine.ReleaseMm(children.Pop());
            scenario.Check();
            Assert.Equal(BlocksFor(mapCount), scenario.Live("pte_chain"));
        }

        Assert.Equal(0, scenario.Live("pte_chain"));
    }

    /// <summary>Only the slots tell such a move from that of a whole table.</summary>
    [Fact]
    public void Pointers_follow_a_move_within_one_table()
    {
        PageStage scenario = new PageStage(PteChain).WithMemory(20);
        scenario.Write(scenario.Parent, 3, 1);
        scenario.Write(scenario.Parent, 4, 2);
        MmId child = scenario.Fork(scenario.Parent);
        scenario.Write(child, 4, 3);
        MremapRequest move = new(
            PageStage.At(3), 2 * Page.Size, 2 * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, PageStage.At(30));
        Assert.Equal(Errno.None, scenario.Machine.Mremap(child, move).Errno);
        scenario.Check();
        scenario.EndAll(scenario.Parent, child);
    }

    [Fact]
    public void Every_visit_of_a_walk_is_useful()
    {
        PageStage scenario = new PageStage(PteChain).WithMemory(4);
        scenario.Write(scenario.Parent, 0, 1);
        for (int i = 0; i < 9; i++)
        {
            MmId child = scenario.Fork(scenario.Parent);
            scenario.Write(child, 1, 1);
        }

        Assert.Equal(new WalkResult(10, 10, 10), scenario.Machine.Walk(scenario.Parent, PageStage.At(0)));
    }

    [Fact]
    public void Files_have_chains_where_the_option_says_so()
    {
        MachineOptions options = new()
        {
            Contents = PageContents.Bytes,
            Design = new Dictionary<string, string> { ["files"] = "true" },
        };
        PageStage scenario = new(PteChain, options);
        FileId file = scenario.Machine.OpenFile(FileKind.Regular, 1, 2, 4 * Page.Size);
        for (int at = 0; at < 90; at += 10)
        {
            scenario.Map(4, MapFlags.Shared, file: file, at: at);
            _ = scenario.Read(scenario.Parent, at + 1);
            scenario.Check();
            Assert.Equal(BlocksFor((at / 10) + 1), scenario.Live("pte_chain"));
        }

        scenario.Unmap(scenario.Parent, 0, 40);
        scenario.Machine.Truncate(file, 0);
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    [Theory]
    [InlineData(PteChain, "file", "true")]
    [InlineData(PteChain, "files", "yes")]
    [InlineData("page-table-scan", "files", "true")]
    public void Unknown_options_are_refused(string design, string name, string value)
    {
        MachineOptions options = new() { Design = new Dictionary<string, string> { [name] = value } };
        Assert.Throws<ArgumentException>(() => Catalogue.Find(design)!.Create(options));
    }

    [Fact]
    public void A_scan_looks_at_every_entry_there_is()
    {
        PageStage scenario = new PageStage("page-table-scan").WithMemory(1200);
        for (int page = 0; page < 1200; page += 3)
        {
            scenario.Write(scenario.Parent, page, 1);
        }

        _ = scenario.Fork(scenario.Parent);
        WalkResult walk = scenario.Machine.Walk(scenario.Parent, PageStage.At(600));
        Assert.Equal((800, 2), (walk.Visited, walk.Useful));
    }

    private static long BlocksFor(int mapCount) => mapCount < 2 ? 0 : (mapCount + 6) / 7;
}
