using Verso.Engine.Tests.Conformance;
using Verso.Engine.Tests.Model;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Policies;

/// <summary>
/// Which refused merges Matena's policies repair, each on its own and together, and which they cannot.
/// </summary>
/// <remarks>
/// Strategy: the random scenarios of the conformance suite, seeds 1 to 150, run by each policy; refused merges are
/// counted and compared.
/// </remarks>
public sealed class MatenaMergingTests(ITestOutputHelper output)
{
    private const string WrittenApart =
        "map A 2 2 rw; advise A 3 1 dontfork; write A 2 1; write A 3 2; advise A 3 1 dofork";

    private const string MovedBesideAnother =
        "map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 2; remap A 8 1 1 maymove fixed 3";

    private const string MovedAway = "map A 2 2 rw; write A 2 1; write A 3 2; remap A 2 2 2 maymove fixed 10; map A 12 1 rw";

    private const string HoleFilled = "map A 2 1 rw; map A 4 1 rw; write A 2 1; write A 4 2; map A 3 1 rw";

    [Theory]
    [InlineData(WrittenApart, 2, 1, 2, 1)]
    [InlineData(MovedBesideAnother, 2, 1, 2, 2)]
    [InlineData(MovedAway, 2, 1, 1, 2)]
    [InlineData(HoleFilled, 2, 1, 2, 1)]
    public void EachPolicyRemovesItsLimitation(string steps, int linux, int both, int pgoff, int anonVma)
    {
        Assert.Equal(linux, Vmas("anon-vma-chain", steps));
        Assert.Equal(both, Vmas("matena-merging", steps));
        Assert.Equal(pgoff, Vmas("matena-merging:policy=pgoff", steps));
        Assert.Equal(anonVma, Vmas("matena-merging:policy=anon-vma", steps));
    }

    /// <summary>A page that a child maps too can be in one anon_vma, at one index, only.</summary>
    [Theory]
    [InlineData("map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 2; fork A B; remap A 8 1 1 maymove fixed 3", 2)]
    [InlineData("map A 2 2 rw; write A 2 1; write A 3 2; fork A B; remap A 2 2 2 maymove fixed 10; map A 12 1 rw", 2)]
    public void SharedPagesCannotBeRehomed(string steps, int expected)
    {
        Stage stage = Stage.After("matena-merging", steps);
        Assert.Equal(expected, stage.VmaCount('A'));
        Assert.Equal(0, Figure(stage.Machine, "folios re-homed"));
    }

    /// <summary>
    /// After fork the parent has written its pages again: none is shared, though a child is linked to its anon_vma.
    /// Only the map counts tell.
    /// </summary>
    [Fact]
    public void MapCountsKnowMoreThanAnonVmas()
    {
        const string Steps = "map A 2 1 rw; write A 2 1; map A 8 1 rw; write A 8 2; fork A B; write A 2 3; write A 8 4; "
            + "remap A 8 1 1 maymove fixed 3";
        Stage byPage = Stage.After("matena-merging", Steps);
        Assert.Equal(1, byPage.VmaCount('A'));
        Assert.Equal((1, 1), byPage.Walk('B', 8));
        Assert.Equal(2, Vmas("matena-merging:sharing=anon-vma", Steps));
    }

    /// <summary>
    /// Both neighbours and the VMA between them have anon_vmas of their own; all pages end in that of the lowest.
    /// </summary>
    [Fact]
    public void ThreeAnonVmasBecomeOne()
    {
        Stage stage = Stage.After(
            "matena-merging",
            "map A 2 1 rw; map A 4 1 rw; advise A 4 1 dontfork; map A 3 1 rw; advise A 3 1 sequential; "
            + "write A 2 1; write A 3 2; write A 4 3; advise A 4 1 dofork; advise A 3 1 normal");
        Assert.Equal(1, stage.VmaCount('A'));
        Assert.Equal(1, stage.Live("anon_vma"));
        Assert.Equal((1, 1), stage.Walk('A', 4));
    }

    /// <summary>
    /// Random churn: how many merges of anonymous memory Linux refuses for anon_vma or page offset alone, and how many of those are
    /// left.
    /// </summary>
    [Fact]
    public void MostRefusedMergesAreRepaired()
    {
        Refusals linux = new();
        Refusals matena = new();
        for (ulong seed = 1; seed <= 150; seed++)
        {
            Scenario scenario = new ScenarioMaker(seed).Make(60);
            linux.Run("anon-vma-chain", scenario);
            matena.Run("matena-merging", scenario);
        }

        output.WriteLine("refused for these alone | anon-vma-chain | matena-merging");
        output.WriteLine($"anon_vma                | {linux.AnonVma} | {matena.AnonVma}");
        output.WriteLine($"page offset             | {linux.PageOffset} | {matena.PageOffset}");
        output.WriteLine($"both                    | {linux.Both} | {matena.Both}");
        output.WriteLine($"  pages being shared    | {linux.Shared} | {matena.Shared}");
        output.WriteLine($"merges of different anon_vmas {matena.Joined}; published unrepairable: jemalloc 0 %, "
            + "redis 2.7 %, kcbench 1.2 %");
        Assert.True(matena.AnonVma + matena.PageOffset + matena.Both < linux.AnonVma + linux.PageOffset + linux.Both);
        Assert.Equal(matena.AnonVma + matena.Both, matena.SharedAnonVma);
        Assert.True(matena.Joined > 20 && matena.Shared > 20, "too few to say anything");
    }

    private static int Vmas(string design, string steps) => Stage.After(design, steps).VmaCount('A');

    private static long Figure(Machine machine, string name) =>
        machine.Figures.Single(figure => figure.Name == name).Value;

    /// <summary>Verdicts of refused attempts that no other test refused too.</summary>
    private sealed class Refusals
    {
        public int AnonVma { get; private set; }

        public int PageOffset { get; private set; }

        public int Both { get; private set; }

        public int Shared { get; private set; }

        public int SharedAnonVma { get; private set; }

        public long Joined { get; private set; }

        public void Run(string design, Scenario scenario)
        {
            EngineStage driver = new(DesignCases.Named(design), scenario);
            driver.Machine.MergeTried = Count;
            AbstractModel model = new(driver.Window);
            foreach (Op op in scenario.Ops.Where(model.IsPossible))
            {
                model.Apply(op, driver.Do(op));
            }

            Joined += driver.Machine.Figures.Where(figure => figure.Name == "merges of different anon_vmas")
                .Sum(figure => figure.Value);
        }

        /// <summary>Of anonymous memory: the policy leaves copies of a file's pages alone.</summary>
        private void Count(MergeTrial trial)
        {
            if (trial.Memory != MergedMemory.Anonymous)
            {
                return;
            }

            bool isShared = (trial.Verdict.Failed & MergeTests.SharedPages) != 0;
            MergeTests failed = trial.Verdict.Failed & ~MergeTests.SharedPages;
            AnonVma += failed == MergeTests.AnonVma ? 1 : 0;
            PageOffset += failed == MergeTests.PageOffset ? 1 : 0;
            Both += failed == (MergeTests.AnonVma | MergeTests.PageOffset) ? 1 : 0;
            bool counts = failed is MergeTests.AnonVma or MergeTests.PageOffset
                or (MergeTests.AnonVma | MergeTests.PageOffset);
            Shared += counts && isShared ? 1 : 0;
            SharedAnonVma += counts && isShared && (failed & MergeTests.AnonVma) != 0 ? 1 : 0;
        }
    }
}
