using System.Text;
using Verso.Engine.Images;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What the anon_vma graph of Linux looks like after forks, counted.</summary>
public sealed class StructuralFactsTests
{
    private const string Design = "anon-vma-chain";
    private const string Faulted = "map A 2 2 rw; write A 2 1";

    /// <summary>Generation g links g + 1 anon_vmas: the sum over N + 1 generations.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(12)]
    public void AChainOfLivingForksGrowsQuadratically(int forks)
    {
        Stage stage = Stage.After(Design, Faulted + Chain(forks, ChainEnd.AllLive));
        Assert.Equal((forks + 1) * (forks + 2) / 2, stage.Live("anon_vma_chain"));
        Assert.Equal(forks + 1, stage.Live("anon_vma"));
    }

    [Fact]
    public void EachFaultedVmaPaysForItself()
    {
        // Two VMAs, apart; and a third that was never written costs nothing.
        const string Steps = Faulted + "; map A 8 2 rw; write A 8 1; map A 14 2 rw";
        Stage stage = Stage.After(Design, Steps + Chain(4, ChainEnd.AllLive));
        Assert.Equal(2 * (5 * 6 / 2), stage.Live("anon_vma_chain"));
        Assert.Equal(2 * 5, stage.Live("anon_vma"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    public void AFanGrowsLinearly(int forks)
    {
        StringBuilder steps = new(Faulted);
        for (int child = 1; child <= forks; child++)
        {
            steps.Append(System.Globalization.CultureInfo.InvariantCulture, $"; fork A {(char)('A' + child)}");
        }

        Stage stage = Stage.After(Design, steps.ToString());
        Assert.Equal((2 * forks) + 1, stage.Live("anon_vma_chain"));
        Assert.Equal(forks + 1, stage.Live("anon_vma"));
    }

    /// <summary>
    /// Each parent exits after it forked: an anon_vma without VMAs of its own and with one child is used again.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(25)]
    public void AChainWhoseParentsExitStaysAtThree(int forks)
    {
        Stage stage = Stage.After(Design, Faulted + Chain(forks, ChainEnd.ParentsExitAtOnce));
        Assert.Equal(3, stage.Live("anon_vma"));
        Assert.Equal(3, stage.Live("anon_vma_chain"));
    }

    /// <summary>The folklore "anon_vmas are at most twice the VMAs" is false: one VMA here keeps eleven.</summary>
    [Fact]
    public void ALeafKeepsTheAnonVmasOfEveryGenerationThatWasAliveWhenItWasForked()
    {
        Stage stage = Stage.After(Design, Faulted + Chain(10, ChainEnd.OnlyLeafLeft));
        Assert.Equal(1, stage.Live("vm_area_struct"));
        Assert.Equal(11, stage.Live("anon_vma"));
        Assert.Equal(11, stage.Live("anon_vma_chain"));
    }

    /// <summary>Trap 2: the oldest fitting anon_vma is taken, and it is not the head of the chain.</summary>
    [Fact]
    public void AReusedAnonVmaIsNotTheHeadOfTheChain()
    {
        Stage stage = Stage.After(Design, Faulted + Chain(3, ChainEnd.ParentsExitAtOnce));
        VmaImage vma = Assert.Single(stage.Vmas('D'));
        Assert.NotEqual(vma.AnonVma, vma.Chain[0]);
        Assert.Contains(vma.AnonVma, vma.Chain);
    }

    /// <summary>Trap 2: reuse happens on fork only; a split or a move takes the anon_vma of its VMA.</summary>
    [Fact]
    public void SplitsAndMovesDoNotReuse()
    {
        Stage stage = Stage.After(Design, Faulted + Chain(2, ChainEnd.ParentsExitAtOnce));
        ulong before = Assert.Single(stage.Vmas('C')).AnonVma;
        stage.Do("protect C 3 1 r-; remap C 2 1 1 maymove fixed 10");
        Assert.All(stage.Vmas('C'), vma => Assert.Equal(before, vma.AnonVma));
        Assert.Equal(2, stage.VmaCount('C'));
    }

    /// <summary>
    /// A page that a fork child wrote is in the child's own anon_vma: one candidate. One that is shared is in the
    /// root's, whose tree has every VMA; when only one process is left with it, its next write makes it that VMA's own.
    /// </summary>
    [Fact]
    public void AReusedPageMovesToTheAnonVmaOfItsLastUser()
    {
        Stage stage = Stage.After(Design, Faulted + "; write A 3 1; fork A B; fork A C; write B 3 2");
        Assert.Equal((3, 3), stage.Walk('A', 2));
        Assert.Equal((1, 1), stage.Walk('B', 3));
        Assert.Equal((3, 2), stage.Walk('C', 3));
        stage.Do("write A 3 3");
        Assert.Equal((3, 1), stage.Walk('C', 3));
        stage.Do("write C 3 4");
        Assert.Equal((1, 1), stage.Walk('C', 3));
    }

    /// <summary>
    /// find_mergeable_anon_vma: a neighbour's anon_vma is shared unless the neighbour was ever forked.
    /// </summary>
    [Fact]
    public void OnlyAForkedNeighbourKeepsItsAnonVmaToItself()
    {
        Stage parent = Stage.After(Design, "map A 2 1 rw; map A 3 1 r-; write A 2 1; protect A 3 1 rwx; write A 3 1");
        Assert.Equal(1, parent.Live("anon_vma"));
        Assert.Equal(2, parent.VmaCount('A'));
        Stage child = Stage.After(Design, "map A 2 1 rw; write A 2 1; fork A B; map B 3 1 rwx; write B 3 1");
        Assert.Equal(3, child.Live("anon_vma"));
        Assert.Equal(2, child.Vmas('B').Select(vma => vma.AnonVma).Distinct().Count());
    }

    private enum ChainEnd
    {
        AllLive = 0,
        ParentsExitAtOnce = 1,
        OnlyLeafLeft = 2,
    }

    private static string Chain(int forks, ChainEnd end)
    {
        StringBuilder steps = new();
        StringBuilder exits = new();
        for (int generation = 0; generation < forks; generation++)
        {
            char parent = (char)('A' + generation);
            steps.Append("; fork ").Append(parent).Append(' ').Append((char)(parent + 1));
            (end == ChainEnd.ParentsExitAtOnce ? steps : exits).Append("; exit ").Append(parent);
        }

        return end == ChainEnd.OnlyLeafLeft ? steps.Append(exits).ToString() : steps.ToString();
    }
}
