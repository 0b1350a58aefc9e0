using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Families;

namespace Verso.Lab.Tests;

/// <summary>
/// Programs that public bug reports describe get the answer at their head; and the figure beside a remedy is what the
/// same program has that did so from the start, on the running kernel.
/// </summary>
public sealed class FoundProgramTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("dontdump-heap", "", "The same madvise for the whole range.")]
    [InlineData("lazy-commit", "", "Reserve with MAP_NORESERVE, readable and writable")]
    [InlineData("deleted-segments", "", "Unmap deleted files")]
    [InlineData("compacted-heap", "", "Give memory back with madvise MADV_DONTNEED and keep it mapped")]
    [InlineData("uffd-regions", "", "Register all ranges with one userfaultfd")]
    [InlineData("uffd-regions", "some", "Register the whole range with the userfaultfd")]
    [InlineData("guarded-slabs", "", "Guard markers")]
    [InlineData("ksm-splits", "", "The same madvise for the whole range.")]
    [InlineData("dual-mapped-jit", "", "Map each view of the object in one call")]
    [InlineData("jit-arena", "", "one protection for the whole arena")]
    public void WhatIsPromisedIsWhatTheProgramHasThatNeverDidIt(string name, string argument, string remedy)
    {
        using FoundProgram found = FoundProgram.Start(name, argument.Length == 0 ? [] : [argument]);
        SpaceExplanation explanation = found.Explain();
        using FoundProgram never = FoundProgram.Start(name, "never");
        int least = never.Explain().VmaCount;

        RemedyOffer[] offers = [.. AllOffers(explanation)];
        output.WriteLine($"{explanation.VmaCount} VMAs, {least} without:");
        output.WriteLine(string.Join('\n', offers.Select(offer => $"{offer.Vmas.Most}: {offer.Remedy.Text}")));
        RemedyOffer offer = offers.First(each => each.Remedy.Text.Contains(remedy, StringComparison.Ordinal));
        Assert.Equal(new CountRange(least, least), offer.Vmas);
        Assert.Equal(offers.Min(each => each.Vmas.Most), offer.Vmas.Most);
        Assert.True(explanation.VmaCount > 10 * least);
    }

    /// <summary>Registered with one userfaultfd, and beside memory of the C library, there is nothing to be done.</summary>
    [Fact]
    public void OneUserfaultfdNeedsNoRemedy()
    {
        using FoundProgram found = FoundProgram.Start("uffd-regions", "never");
        SpaceExplanation explanation = found.Explain();
        Assert.DoesNotContain(AllOffers(explanation), offer => offer.Vmas.Most < explanation.VmaCount);
    }

    /// <summary>Between undoing it and never having done it are the anon_vmas that it left: 521 and 24.</summary>
    [Fact]
    public void UndoneNowIsNotNever()
    {
        using FoundProgram found = FoundProgram.Start("dontdump-heap");
        SpaceExplanation explanation = found.Explain();
        ReasonGroup flags = explanation.Groups.Single(group => group.First == MergeTests.Flags);
        int beyond = explanation.Groups.Sum(group => group.Beyond.Count);
        int now = explanation.VmasWithout(MergeTests.Flags).Most;
        Assert.InRange(now - explanation.VmasWithoutEver(MergeTests.Flags).Most, beyond, beyond + 1);
        Assert.InRange(beyond, 400, 600);
        Assert.All(explanation.Groups.Where(group => group != flags), group => Assert.Empty(explanation.Offers(group)));
    }

    /// <summary>
    /// What is left of a reserve between parts committed at random is no guard, though it has 64 KiB; the gaps between
    /// slabs are guards, though they have up to 512.
    /// </summary>
    [Theory]
    [InlineData("lazy-commit", 32 << 10, InaccessibleUse.Reserve)]
    [InlineData("lazy-commit", 0, InaccessibleUse.Guard)]
    [InlineData("guarded-slabs", 0, InaccessibleUse.Guard)]
    [InlineData("guarded-slabs", 129 << 10, InaccessibleUse.Guard)]
    public void GuardsAndReserves(string name, int bytes, InaccessibleUse use)
    {
        using FoundProgram found = FoundProgram.Start(name);
        Boundary[] pairs = [.. found.Explain().Boundaries.Where(pair => pair.Inaccessible != InaccessibleUse.None)];
        Boundary[] those = [.. pairs.Where(pair =>
        {
            ulong size = new[] { pair.Lower, pair.Upper }.Where(vma => (vma.Flags & VmaFlags.Access) == 0)
                .Min(vma => vma.End - vma.Start);
            return bytes == 0 && use == InaccessibleUse.Guard && name == "lazy-commit"
                ? size == 4096 : size >= (ulong)bytes;
        })];
        Assert.NotEmpty(those);
        int right = those.Count(pair => pair.Inaccessible == use);
        Assert.True(right * 20 >= those.Length * 19, $"{right} of {those.Length}");
        Assert.DoesNotContain(those, pair => (pair.Inaccessible & use) == 0);
    }

    /// <summary>What fills the holes joins what they keep apart.</summary>
    [Fact]
    public void HolesThatAreFilled()
    {
        using FoundProgram found = FoundProgram.Start("compacted-heap");
        using FoundProgram filled = FoundProgram.Start("compacted-heap", "fill");
        SpaceExplanation explanation = found.Explain();
        Assert.InRange(explanation.Holes.All.Count, 1999, 2001);
        Assert.Equal(filled.Explain().VmaCount, explanation.VmaCount - explanation.Holes.Fillable);
        Assert.All(explanation.Holes.All.Take(1999), hole => Assert.Equal(32UL << 10, hole.Bytes));
    }

    /// <summary>Guard markers are refused in locked memory: both remedies are named, and that they exclude each other.</summary>
    [Fact]
    public void RemediesThatExcludeEachOther()
    {
        using FoundProgram found = FoundProgram.Start("locked-slabs");
        SpaceExplanation explanation = found.Explain();
        IReadOnlyList<RemedyOffer> offers =
            explanation.Offers(explanation.Groups.Single(group => group.First == MergeTests.Flags));
        Exclusion exclusion = Assert.Single(RemedyOffer.Exclusions(offers));
        Assert.Equal("scenarios/guard/mlock.txt", exclusion.Shown);
        Assert.Equal(offers.Select(offer => offer.Vmas.Most).Order(), offers.Select(offer => offer.Vmas.Most));
    }

    /// <summary>A walk for a page of one anon_vma visits 1 VMA; for a page merged by KSM all 5,000 before 7.3.</summary>
    [Fact]
    public void AWalkOfKsm()
    {
        using FoundProgram found = FoundProgram.Start("ksm-splits");
        ReverseMapCosts costs = ReverseMapCosts.Of(found.Look());
        AnonVmaNode worst = costs.Worst[0];
        Assert.Equal((5000, 2500, 1), (worst.TreeSize, worst.MergeableVmas, worst.Visits.Most));
        Assert.Equal((5000, 5000, 1), (worst.VisitsOfKsm("6.18.44"), worst.VisitsOfKsm("7.2.12"), worst.VisitsOfKsm("7.3.4")));
        Assert.Equal(worst.VisitsOfKsm(costs.Graph.Snapshot.Header.Kernel), costs.MostOfKsm);
    }

    /// <summary>Which calls fail with few VMAs left, and how: as the kernel does it.</summary>
    [Theory]
    [InlineData(6)]
    [InlineData(5)]
    [InlineData(4)]
    [InlineData(3)]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void CallsAtTheLimit(int left)
    {
        using FoundProgram found = FoundProgram.Start("at-the-limit", $"{left}");
        SpaceExplanation explanation = found.Explain();
        Assert.Equal(left, explanation.MaxMapCount - explanation.VmaCount);
        Dictionary<string, string> errors = found.Said.Where(line => !line.StartsWith("READY", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
        string[] places = ["inside a VMA", "of a part"];
        foreach ((string name, string error) in errors.Where(each => each.Key != "munmap-whole"))
        {
            string call = name.Split('-')[0];
            string place = name switch
            {
                "mremap-fixed" => "to a fixed address",
                "mmap-inside" => "over a part of a VMA",
                "mremap" => "that moves",
                "mmap" or "brk" or "shmat" => "",
                _ => places[name == call ? 1 : 0],
            };
            LimitedCall? said = VmaLimit.Calls.SingleOrDefault(each => each.Name == call && each.Of == place);
            Assert.Equal(error, said is not null && left < said.Needs ? said.Error : "0");
        }

        Assert.Equal("0", errors["munmap-whole"]);
        Assert.All(VmaLimit.FailingWith(left), each => Assert.Contains(each.Error, errors.Where(
            error => error.Key.StartsWith(each.Name, StringComparison.Ordinal)).Select(error => error.Value)));
    }

    private static IEnumerable<RemedyOffer> AllOffers(SpaceExplanation explanation) =>
        explanation.Groups.SelectMany(explanation.Offers)
            .Concat(explanation.HoleOffers)
            .Concat(explanation.Lasting.SelectMany(explanation.Offers));
}
