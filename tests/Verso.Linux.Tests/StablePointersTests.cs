using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>What of a reading still means the same when its process has changed since.</summary>
public sealed class StablePointersTests
{
    private const ulong A = 0xffff_8880_0000_1000;
    private const ulong B = 0xffff_8880_0000_2000;
    private const ulong Mm = 0xffff_8880_0000_8000;
    private const ulong OtherMm = 0xffff_8880_0000_9000;

    [Fact]
    public void WhatASteadyProcessHadBeforeIsTheSame()
    {
        var changed = Reading(2, Mm, A, B);
        var parted = new StablePointers([Reading(1, OtherMm, A)], [changed]).Part(changed, isHeld: true);
        var own = parted.Process.Image.Vmas[1].AnonVma;
        Assert.Equal([A, own], parted.Process.Image.AnonVmas.Select(node => node.Id));
        Assert.Equal([A, own], parted.Process.Image.Vmas.Select(vma => vma.AnonVma));
        Assert.Equal([own], parted.Process.Image.Vmas[1].Chain);
        Assert.NotEqual(B, own);
        Assert.Equal((Mm, GraphReading.Whole), (parted.Process.Image.Identity, parted.Process.Reading));
    }

    /// <summary>It was read before: the other may have got what it had meanwhile given up.</summary>
    [Fact]
    public void WhatASteadyProcessHadLaterMayBeAnother()
    {
        var changed = Reading(1, Mm, A);
        var parted = new StablePointers([Reading(2, OtherMm, A)], [changed]).Part(changed, isHeld: true);
        Assert.NotEqual(A, Assert.Single(parted.Process.Image.AnonVmas).Id);
    }

    [Fact]
    public void WhatTwoThatChangedHadMayBeTwo()
    {
        ProcessReading[] changed = [Reading(1, Mm, A), Reading(2, OtherMm, A)];
        StablePointers pointers = new([], changed);
        var ids = changed.Select(one => Assert.Single(pointers.Part(one, isHeld: true).Process.Image.AnonVmas).Id).ToArray();
        Assert.Equal(3, ids.Append(A).Distinct().Count());
    }

    [Fact]
    public void WhoExecdSharesNothing()
    {
        var changed = Reading(2, Mm, A);
        var parted = new StablePointers([Reading(1, Mm, A)], [changed]).Part(changed, isHeld: false);
        Assert.Equal((0UL, GraphReading.Changed), (parted.Process.Image.Identity, parted.Process.Reading));
    }

    [Fact]
    public void WhoSharesAnAddressSpaceSharesItsReading()
    {
        var (steady, changed) = (Reading(2, Mm, A, B), Reading(1, Mm, A));
        var parted = new StablePointers([steady], [changed]).Part(changed, isHeld: true);
        Assert.Same(steady.Process.Image, parted.Process.Image);
        Assert.Equal(1, parted.Process.Pid);
    }

    // A VMA for each anon_vma, which is the root of its own.
    private static ProcessReading Reading(int order, ulong mm, params ulong[] anonVmas)
    {
        MmImage image = new()
        {
            Identity = mm,
            Vmas = [.. anonVmas.Select((node, at) => new VmaImage(
                ((ulong)at + 1) << 20, (((ulong)at + 1) << 20) + 4096, VmaFlags.Read, 0, default, node, [node]))],
            AnonVmas = [.. anonVmas.Select(node => new AnonVmaImage(node, node, node, 1, 1))],
        };
        return new ProcessReading(new ProcessGraph(order, "made", 1, image, GraphReading.Whole), 0, 0, order);
    }
}
