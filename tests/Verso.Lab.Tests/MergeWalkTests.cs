using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// What the counts of explain are worth where no live kernel can tell: other kernels, drivers' mappings.
/// </summary>
public sealed class MergeWalkTests
{
    private const VmaFlags Plain =
        VmaFlags.Read | VmaFlags.Write | VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExec | VmaFlags.Account;

    /// <summary>
    /// Of a never written VMA between two written ones 6.12 joins neither side by the wrong call, later kernels one by
    /// any: one pair too many was promised.
    /// </summary>
    [Fact]
    public void WhatALaterKernelWouldHaveJoined()
    {
        KernelRules old = KernelRules.All.First(rules => !rules.UnfaultedTargetMerges);
        SpaceExplanation explanation = Explain(old, Page(0, 1), Page(1, 0), Page(2, 2), Page(3, 0));
        Assert.Equal(3, explanation.OneWayPairs);
        Assert.Equal(2, explanation.VmasWithoutOneWay);
        Assert.Equal(new CountRange(2, 2), explanation.VmasWithout(MergeTests.None));
    }

    [Theory]
    [InlineData(new[] { 1, 0, 2 }, MergeTests.None, 2)]
    [InlineData(new[] { 1, 0, 2 }, MergeTests.AnonVma, 1)]
    [InlineData(new[] { 1, 0, 0, 1 }, MergeTests.None, 1)]
    [InlineData(new[] { 0, 1, 0, 2, 0, 2, 3 }, MergeTests.None, 3)]
    [InlineData(new[] { 0, 1, 0, 2, 0, 2, 3 }, MergeTests.AnonVma, 1)]
    [InlineData(new[] { 1, 0, -2 }, MergeTests.None, 2)]
    [InlineData(new[] { -1, 0, -2 }, MergeTests.None, 3)]
    [InlineData(new[] { -1, 0, -2 }, MergeTests.ForkedChain, 2)]
    [InlineData(new[] { -1, 0, -2 }, MergeTests.ForkedChain | MergeTests.AnonVma, 1)]
    [InlineData(new[] { -1, 2, 0 }, MergeTests.AnonVma, 2)]
    [InlineData(new[] { 1, -2, 0 }, MergeTests.AnonVma, 1)]
    public void WhatIsHandedOn(int[] pages, MergeTests lifted, int vmas)
    {
        SpaceExplanation explanation = Explain(KernelRules.Reference, [.. pages.Select((page, at) => Page(at, page))]);
        Assert.Equal(new CountRange(vmas, vmas), explanation.VmasWithout(lifted));
    }

    /// <summary>What a driver maps is turned away before anything of a neighbour is looked at.</summary>
    [Fact]
    public void SpecialIsAskedFirst()
    {
        VmaImage lower = Page(0, 0) with { Flags = Plain | VmaFlags.PfnMap };
        SpaceExplanation explanation = Explain(
            KernelRules.Reference, lower, Page(1, 0) with { Flags = lower.Flags, Pgoff = 77 });
        MergeVerdict verdict = explanation.Boundaries.Single().Verdict;
        Assert.Equal(MergeTests.Special | MergeTests.PageOffset, verdict.Failed);
        Assert.Equal(MergeTests.Special, verdict.First);
    }

    // Negative: it went through fork.
    private static VmaImage Page(int at, int anonVma)
    {
        ulong start = 0x1000_0000 + ((ulong)at << Engine.Page.Shift);
        ulong id = (ulong)Math.Abs(anonVma);
        ulong[] chain = anonVma switch { 0 => [], > 0 => [id], _ => [id, id + 100] };
        return new VmaImage(start, start + Engine.Page.Size, Plain, start >> Engine.Page.Shift, default, id, chain);
    }

    private static SpaceExplanation Explain(KernelRules rules, params VmaImage[] vmas)
    {
        MmImage image = new()
        {
            Vmas = vmas,
            AnonVmas =
            [
                .. vmas.SelectMany(vma => vma.Chain.Select(id => new AnonVmaImage(id, vma.Chain[^1], vma.Chain[^1], 1, 1)))
                    .DistinctBy(anonVma => anonVma.Id),
            ],
        };
        return SpaceExplanation.Of(new ProcessGraph(1, "walk", 0, image, GraphReading.Whole), [], 65530, rules);
    }
}
