using Verso.Engine.Images;
using Verso.Engine.Tests.Conformance;

namespace Verso.Engine.Tests;

/// <summary>
/// What 7.0, 7.2 and 7.3 do otherwise, each case seen on those kernels by <c>verso verify --kernel</c>.
/// </summary>
public sealed class KernelRuleSwitchesTests
{
    private const string MovedBeside =
        "file A 4 2 rw f 0; write A 4 1; remap A 4 2 2 maymove fixed 10; file A 12 2 rw f 2";

    private const string SameOffsetTwice = "file A 4 2 rw f 0; file A 8 2 rw f 0; write A 4 1; write A 8 2";

    /// <summary>
    /// Linear in the file, but not in what indexes their pages. A design that has no index merges on.
    /// </summary>
    [Theory]
    [InlineData("anon-vma-chain", 1, 2)]
    [InlineData("anon-vma", 1, 2)]
    [InlineData("cow-context", 1, 2)]
    [InlineData("pte-chain", 1, 1)]
    [InlineData("address-space-tree", 1, 1)]
    public void AWrittenFileMappingThatMovedMergesByItsOwnOffset(string design, int before, int since)
    {
        Assert.Equal(before, Stage.After(design, MovedBeside, KernelRules.Linux72).VmaCount('A'));
        Assert.Equal(since, Stage.After(design, MovedBeside, KernelRules.Linux73).VmaCount('A'));
    }

    [Theory]
    [InlineData("file A 4 2 rw f 0; remap A 4 2 2 maymove fixed 10; file A 12 2 rw f 2")]
    [InlineData("file A 4 4 rw f 0; write A 4 1; remap A 4 2 2 maymove fixed 10; remap A 10 2 2 maymove fixed 4")]
    [InlineData("file A 4 2 rw f 0; write A 4 1; remap A 4 2 2 maymove fixed 10;"
        + "remap A 10 2 2 maymove fixed 14 dontunmap; unmap A 14 2; file A 12 2 rw f 2")]
    public void UnwrittenMovedBackOrEmptiedItMerges(string steps) =>
        Assert.Equal(1, Stage.After("anon-vma-chain", steps, KernelRules.Linux73).VmaCount('A'));

    /// <summary>
    /// One page of the file at two addresses: two offsets now, so a walk no longer meets the wrong VMA.
    /// </summary>
    [Theory]
    [InlineData("mm-address-space", 2, 1)]
    [InlineData("anon-vma-chain", 1, 1)]
    public void PagesOfFileMappingsAreIndexedByAddress(string design, int before, int since)
    {
        Assert.Equal((before, 1), Stage.After(design, SameOffsetTwice, KernelRules.Linux72).Walk('A', 4));
        Assert.Equal((since, 1), Stage.After(design, SameOffsetTwice, KernelRules.Linux73).Walk('A', 4));
    }

    /// <summary>What the proof of concept of cow-context wanted it for: file mappings are no remaps.</summary>
    [Fact]
    public void AFileMappingWhereItWasMadeIsNoRemap()
    {
        Assert.Equal(1, Remaps(KernelRules.Linux72));
        Assert.Equal(0, Remaps(KernelRules.Linux73));

        static long Remaps(KernelRules rules) => Stage.After("cow-context", SameOffsetTwice, rules)
            .Machine.Figures.Single(figure => figure.Name == "remapped ranges").Value;
    }

    /// <summary>
    /// An image says where the pages of a moved file mapping are; of one that does not, it is the address.
    /// </summary>
    [Fact]
    public void AnImageHoldsTheOffsetOfAMovedFileMapping()
    {
        Stage stage = Stage.After("anon-vma-chain", MovedBeside, KernelRules.Linux73);
        MmImage image = stage.Machine.Capture(stage.Mm('A'));
        ulong?[] offsets = [.. image.Vmas.Select(vma => vma.AnonPgoff)];
        Assert.Equal(image.Vmas[0].Start >> Page.Shift, offsets[0] + 6);
        Assert.Equal(image.Vmas[1].Start >> Page.Shift, offsets[1]);
        Assert.Equal(offsets, Loaded(image));
        VmaImage[] silent = [.. image.Vmas.Select(vma => vma with { AnonPgoff = null })];
        Assert.Equal(silent.Select(vma => (ulong?)vma.Start >> Page.Shift), Loaded(image with { Vmas = silent }));

        ulong?[] Loaded(MmImage from)
        {
            Assert.Equal(Errno.None, stage.Machine.CreateMm(from, out MmId mm).Errno);
            return [.. stage.Machine.Capture(mm).Vmas.Select(vma => vma.AnonPgoff)];
        }
    }

    /// <summary>7.2 takes from locked_vm what MREMAP_DONTUNMAP unlocks; before, it was counted twice.</summary>
    [Fact]
    public void WhatDontUnmapUnlocksIsNoLongerCounted()
    {
        const string Steps = "map A 4 6 rw locked; remap A 6 2 2 maymove fixed 14 dontunmap";
        Assert.Equal(8UL, Locked(KernelRules.Linux71));
        Assert.Equal(6UL, Locked(KernelRules.Linux72));

        static ulong? Locked(KernelRules rules)
        {
            Stage stage = Stage.After("anon-vma-chain", Steps, rules);
            return stage.Machine.Capture(stage.Mm('A')).LockedPages;
        }
    }

    [Theory]
    [InlineData("map A 4 3 rw; remap A 4 3 3 maymove fixed 7 dontunmap", 1, 2)]
    [InlineData("map A 4 6 rw locked; remap A 6 2 2 maymove fixed 14 dontunmap", 2, 4)]
    [InlineData("map A 4 2 rw; write A 4 1; remap A 4 2 2 maymove fixed 10;"
        + "remap A 10 2 2 maymove fixed 14 dontunmap; unmap A 14 2; map A 12 2 rw", 2, 1)]
    public void DontUnmapLeavesItsSourceApart(string steps, int before, int since)
    {
        Assert.Equal(before, Stage.After("anon-vma-chain", steps, KernelRules.Linux71).VmaCount('A'));
        Assert.Equal(since, Stage.After("anon-vma-chain", steps, KernelRules.Linux72).VmaCount('A'));
    }

    /// <summary>A split in a child: its new half has the chain, the own anon_vma first, turned round.</summary>
    [Fact]
    public void AClonedChainIsTurnedRound()
    {
        const string Steps = "map A 4 2 rw; write A 4 1; fork A B; protect B 5 1 r-";
        (VmaImage low, VmaImage high) = Halves(KernelRules.Linux61844);
        Assert.Equal(low.Chain, high.Chain);
        (low, high) = Halves(KernelRules.Linux70);
        Assert.Equal(low.Chain, high.Chain.Reverse());
        Assert.Equal(low.AnonVma, high.AnonVma);

        static (VmaImage Low, VmaImage High) Halves(KernelRules rules)
        {
            IReadOnlyList<VmaImage> vmas = Stage.After("anon-vma-chain", Steps, rules).Vmas('B');
            return (vmas[0], vmas[1]);
        }
    }

    /// <summary>Every call counts the VMAs that it may need.</summary>
    [Theory]
    [InlineData(8, Errno.None, Errno.None)]
    [InlineData(7, Errno.None, Errno.None)]
    [InlineData(6, Errno.None, Errno.ENOMEM)]
    public void RemapInPlaceNeedsRoomForVmas(int limit, Errno before, Errno since)
    {
        Assert.Equal(before, Grow(KernelRules.Linux71));
        Assert.Equal(since, Grow(KernelRules.Linux72));

        Errno Grow(KernelRules rules)
        {
            Scenario scenario = Scenario.Parse("map A 2 1 rw; map A 4 1 rw; map A 6 1 rw".Replace(';', '\n')) with
            {
                MaxMaps = limit,
            };
            EngineStage stage = new(DesignCases.Named("anon-vma-chain"), scenario, rules);
            Assert.All(scenario.Ops, op => Assert.Equal(Errno.None, stage.Do(op).Errno));
            return stage.Do(Scenario.Parse("remap A 6 1 2").Ops[0]).Errno;
        }
    }

    /// <summary>Opened for reading only, it was private memory in all but name.</summary>
    [Fact]
    public void AReadOnlySharedZeroIsSharedMemory()
    {
        Assert.Equal(FileKind.Zero, KindOf(KernelRules.Linux72));
        Assert.Equal(FileKind.SharedMemory, KindOf(KernelRules.Linux73));

        static FileKind KindOf(KernelRules rules)
        {
            Machine machine = DesignCases.Named("anon-vma-chain").Create(new MachineOptions { Rules = rules });
            _ = machine.CreateMm(out MmId mm);
            FileId zero = machine.OpenFile(FileKind.Zero, 1, 5, ulong.MaxValue, FileModes.Read);
            MmapRequest request = new(0, Page.Size, Protection.Read, MapFlags.Shared, zero, 0);
            Assert.Equal(Errno.None, machine.Mmap(mm, request).Errno);
            return machine.World.Files[machine.Capture(mm).Vmas[0].File].Kind;
        }
    }
}
