using Verso.Engine.Tests.Conformance;

namespace Verso.Engine.Tests.Policies;

/// <summary>The bills of four ways to keep guard markers over fork, side by side.</summary>
public sealed class AnonVmaFlagsTests(ITestOutputHelper output)
{
    private const string Unfaulted = "anon-vma-flags";
    private const string AnonVma = "anon-vma-flags:guard=anon-vma";
    private const string VmaFlag = "anon-vma-flags:guard=vma-flag";
    private const string Sticky = "anon-vma-flags:guard=sticky";

    /// <summary>Objects for one guard in one VMA; for "sticky" as measured on 6.18.44, an anonymous and two file mappings.</summary>
    [Theory]
    [InlineData(Unfaulted, 0, 0, 0)]
    [InlineData(AnonVma, 1, 1, 1)]
    [InlineData(VmaFlag, 0, 0, 0)]
    [InlineData(Sticky, 1, 0, 0)]
    public void AGuardCostsAnAnonVmaOrNot(string design, int anonymous, int privateFile, int sharedFile)
    {
        string[] maps = ["map A 2 2 rw", "file A 2 2 rw f 0", "file A 2 2 rw f 0 shared"];
        int[] expected = [anonymous, privateFile, sharedFile];
        for (int at = 0; at < maps.Length; at++)
        {
            Stage stage = Stage.After(design, maps[at] + "; advise A 2 1 guardinstall; fork A B");
            Assert.Equal(expected[at] * 2, stage.Live("anon_vma"));
            Assert.Equal(expected[at] * 3, stage.Live("anon_vma_chain"));
            Assert.Equal(PagePresence.Guard, stage.Machine.PageAt(stage.Mm('B'), Address(stage, 'B')).Presence);
        }
    }

    /// <summary>
    /// A guard and then a fresh neighbour; a guard in one of two that differ otherwise, and then do not. Only the ordinary
    /// flag keeps them apart.
    /// </summary>
    [Theory]
    [InlineData(Unfaulted, 1, 1)]
    [InlineData(AnonVma, 1, 1)]
    [InlineData(VmaFlag, 2, 2)]
    [InlineData(Sticky, 1, 1)]
    public void OnlyAnOrdinaryFlagBlocksMerging(string design, int besideFresh, int besideOld)
    {
        Assert.Equal(besideFresh, Stage.After(design, "map A 2 2 rw; advise A 2 1 guardinstall; map A 4 1 rw").VmaCount('A'));
        const string Apart = "map A 2 2 rw; protect A 3 1 r-; advise A 2 1 guardinstall; protect A 3 1 rw";
        Assert.Equal(besideOld, Stage.After(design, Apart).VmaCount('A'));
    }

    /// <summary>The flag only keeps the place of an anon_vma: the first write puts one there.</summary>
    [Fact]
    public void AFaultReplacesTheFlag()
    {
        Stage stage = Stage.After(Unfaulted, "map A 2 2 rw; advise A 2 1 guardinstall; write A 3 1");
        Assert.Equal(1, stage.Live("anon_vma"));
        Assert.Equal(1, Figure(stage, "unfaulted flags replaced by an anon_vma"));
    }

    /// <summary>
    /// All guards of a VMA removed: fork copies nothing any more. With markers left in it, or by the other ways, it copies
    /// on for good.
    /// </summary>
    [Theory]
    [InlineData(Unfaulted, "advise A 2 4 guardremove", 0)]
    [InlineData(Unfaulted, "advise A 2 1 guardremove", 3)]
    [InlineData(AnonVma, "advise A 2 4 guardremove", 3)]
    [InlineData(VmaFlag, "advise A 2 4 guardremove", 3)]
    [InlineData(Sticky, "advise A 2 4 guardremove", 3)]
    public void RemovingAllGuardsSparesTheNextFork(string design, string remove, long copied)
    {
        Stage stage = Stage.After(
            design, $"file A 2 4 rw f 0; advise A 2 1 guardinstall; read A 3; read A 4; read A 5; {remove}; fork A B");
        Assert.Equal(copied, stage.Machine.Counters.PtesCopied);
        if (copied == 0)
        {
            Assert.Equal(1, Figure(stage, "vmas not copied at fork, guards being gone"));
            Assert.Equal(3, Figure(stage, "entries not copied at fork, guards being gone"));
        }
    }

    /// <summary>A split copies the flag: each part keeps its guards over fork, and loses the flag with its own.</summary>
    [Fact]
    public void ASplitCopiesTheFlagAndAMergeOrsIt()
    {
        Stage stage = Stage.After(
            Unfaulted, "map A 2 4 rw; advise A 2 4 guardinstall; protect A 4 2 r-; advise A 2 2 guardremove; fork A B");
        Assert.Equal(1, Figure(stage, "unfaulted flags dropped with the last guard"));
        Assert.Equal(1, Figure(stage, "vmas copied at fork for guards alone"));
        stage.Do("protect A 4 2 rw; fork A C");
        Assert.Equal(1, stage.VmaCount('A'));
        Assert.Equal(2, Figure(stage, "vmas copied at fork for guards alone"));
    }

    /// <summary>
    /// A file of 2 MiB has been collapsed. Its page table goes at once, but not while the mapping has what a guard left
    /// there; only ANON_VMA_UNFAULTED leaves nothing once all guards are removed.
    /// </summary>
    [Theory]
    [InlineData(Unfaulted, true)]
    [InlineData(AnonVma, false)]
    [InlineData(VmaFlag, false)]
    [InlineData(Sticky, false)]
    public void RetractionOfPageTables(string design, bool afterRemoval)
    {
        const ulong Start = 0x40000000;
        const ulong Length = 2UL << 20;
        Machine machine = DesignCases.Named(design).Create(new MachineOptions { Contents = PageContents.Bytes });
        FileId file = machine.OpenFile(FileKind.Regular, 1, 1, Length, FileModes.Read | FileModes.Write);
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        MmapRequest request = new(Start, Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Fixed, file);
        Assert.Equal(Errno.None, machine.Mmap(mm, request).Errno);
        Assert.Equal(FaultOutcome.Done, machine.Fault(mm, Start + Page.Size, FaultAccess.Read));
        Assert.Equal(new RetractOutcome(1, 0), machine.RetractTables(file, 0));
        Assert.Equal(PagePresence.Empty, machine.PageAt(mm, Start + Page.Size).Presence);

        Assert.Equal(FaultOutcome.Done, machine.Fault(mm, Start + Page.Size, FaultAccess.Read));
        Assert.Equal(Errno.None, machine.Madvise(mm, Start, Page.Size, Advice.GuardInstall).Errno);
        Assert.Equal(new RetractOutcome(0, 1), machine.RetractTables(file, 0));
        Assert.Equal(PagePresence.Guard, machine.PageAt(mm, Start).Presence);

        Assert.Equal(Errno.None, machine.Madvise(mm, Start, Length, Advice.GuardRemove).Errno);
        Assert.Equal(afterRemoval ? new RetractOutcome(1, 0) : new RetractOutcome(0, 1), machine.RetractTables(file, 0));
        Assert.Null(machine.Audit());
    }

    /// <summary>
    /// A program that guards the end of each of 12 stacks and buffers, uses every third, merges some, forks twice, and
    /// removes its guards between the forks.
    /// </summary>
    [Fact]
    public void TheBillsSideBySide()
    {
        const string Steps =
            "map A 0 2 rw; map A 3 2 rw; map A 6 2 rw; file A 9 2 rw f 0; file A 12 2 rw f 2; file A 15 2 rw g 0; "
            + "advise A 0 1 guardinstall; advise A 3 1 guardinstall; advise A 6 1 guardinstall; advise A 9 1 guardinstall; "
            + "advise A 12 1 guardinstall; advise A 15 1 guardinstall; write A 1 1; read A 10; read A 13; read A 16; "
            + "map A 2 1 rw; map A 5 1 rw; fork A B; "
            + "advise A 3 2 guardremove; advise A 9 2 guardremove; advise A 12 2 guardremove; advise A 15 2 guardremove; fork A C";
        Stage[] stages = [.. new[] { Unfaulted, AnonVma, VmaFlag, Sticky }.Select(design => Stage.After(design, Steps))];
        string[] ways = ["unfaulted", "anon-vma", "vma-flag", "sticky"];
        output.WriteLine($"{string.Empty,-46}{string.Concat(ways.Select(way => $"{way,10}"))}");
        Print("anon_vma", stage => stage.Live("anon_vma"));
        Print("anon_vma_chain", stage => stage.Live("anon_vma_chain"));
        Print("vm_area_struct", stage => stage.Live("vm_area_struct"));
        Print("present entries copied by forks", stage => stage.Machine.Counters.PtesCopied);
        foreach (string name in stages[0].Machine.Figures.Select(figure => figure.Name))
        {
            Print(name, stage => Figure(stage, name));
        }

        Assert.True(stages[0].Live("anon_vma") < stages[3].Live("anon_vma"), "the flag saves anon_vmas of anonymous guards");
        Assert.True(stages[3].Live("anon_vma") < stages[1].Live("anon_vma"), "so does the sticky flag, of files' guards");
        Assert.True(stages[0].Live("vm_area_struct") < stages[2].Live("vm_area_struct"), "an ordinary flag keeps VMAs apart");
        Assert.True(
            stages[0].Machine.Counters.PtesCopied < stages[3].Machine.Counters.PtesCopied, "what was dropped is not copied");

        void Print(string name, Func<Stage, long> value) =>
            output.WriteLine($"{name,-46}{string.Concat(stages.Select(stage => $"{value(stage),10}"))}");
    }

    private static ulong Address(Stage stage, char mm) => stage.Vmas(mm)[0].Start;

    private static long Figure(Stage stage, string name) =>
        stage.Machine.Figures.Single(figure => figure.Name == name).Value;
}
