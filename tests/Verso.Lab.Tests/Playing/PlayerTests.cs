using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.LockStep;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Tests.Playing;

/// <summary>What is played can be left after any step, asked for its state, and gone on with.</summary>
/// <remarks>
/// Strategy: one random mix is played step by step, and again as the scenario that it was; seed 7.
/// </remarks>
public sealed class PlayerTests
{
    private const string Text = """
        map A 2 4 rw -> page 2
        write A 2 1
        fork A B
        write B 2 2
        protect A 3 1 r-
        unmap B 2 2
        exit A
        """;

    private static readonly string Example = ExampleTests.PathOf("bash-pipeline");

    private static readonly Catalogue.Entry Reference = Catalogue.Find("anon-vma-chain")!;

    [Fact]
    public void ATraceThatIsStoppedAfterEachEventEndsAsOneThatIsNot()
    {
        ReplayOptions options = new() { Design = DesignChoice.Parse("anon-vma-chain") };
        using TraceReader whole = TraceReader.Open(Example);
        ReplayResult expected = TraceReplay.Run(whole, options, Token);

        using TraceReader reader = TraceReader.Open(Example);
        TraceReplay replay = TraceReplay.Begin(reader, options, Token);
        long events = 0;
        long vmas = 0;
        while (replay.Next())
        {
            Assert.Equal(++events, replay.Position);
            vmas += replay.Spaces.Sum(space => (long)replay.Machine.World.Mms[space.Mm].Vmas.Count);
        }

        ReplayResult result = replay.End();
        Assert.True(vmas > events, "there was something to ask for");
        Assert.Equal(expected.Events, result.Events);
        Assert.Equal(expected.EventsByKind, result.EventsByKind);
        Assert.Equal(expected.Objects, result.Objects);
        Assert.Equivalent(expected.Work, result.Work, strict: true);
        Assert.Equivalent(expected.Fidelity, result.Fidelity, strict: true);
    }

    [Fact]
    public void AScenarioCanBeAskedForItsStateAfterEachStep()
    {
        LockStepPlay play = Verifier().Begin(Scenario.Parse(Text));
        List<string> seen = [];
        while (play.Next())
        {
            seen.Add(string.Join(' ', play.Spaces.Select(space =>
                $"{space.Name}{play.Machine.Capture(space.Mm).Vmas.Count}")));
        }

        Assert.Null(play.Failure);
        Assert.Equal(["A1", "A1", "A1 B1", "A1 B1", "A3 B1", "A3 B1", "B1"], seen);
        Assert.False(play.Next());
    }

    [Fact]
    public void ARandomMixIsPlayedAgainAsTheScenarioThatItWas()
    {
        LockStepPlay random = Verifier().BeginRandom(seed: 7, steps: 80, StepMix.Everything);
        List<Op> steps = [];
        while (random.Next())
        {
            steps.Add(random.Step);
        }

        Assert.Equal(80, steps.Count);
        LockStepPlay again = Verifier().Begin(new Scenario(steps));
        while (again.Next())
        {
        }

        Assert.Equal(random.Position, again.Position);
        Assert.Equal(States(random), States(again));
    }

    /// <summary>Nothing is played after a difference, also of what was read ahead, and those behind are not shown it.</summary>
    [Fact]
    public void TheFirstDifferenceIsTheLastStep()
    {
        Counted before = new(differsAt: 0);
        Counted differing = new(differsAt: 3);
        Counted behind = new(differsAt: 0);
        Player<int, int> player = new(new Numbers(), new Doubling(), before, differing, behind);
        player.PlayOut(Token);

        Assert.Equal(("step 3 is 6", 3L), (player.Difference, player.Position));
        Assert.Equal((3, 3, 2), (before.Seen, differing.Seen, behind.Seen));
        Assert.False(player.Next());
    }

    [Fact]
    public void AStepThatThrowsCountsAsTakenAndTheNextGoesOn()
    {
        Player<int, int> player = new(new Numbers(), new Doubling { ThrowsAt = 2 });
        Assert.True(player.Next());
        Assert.Throws<InvalidOperationException>(() => player.Next());
        Assert.Equal((2L, 2), (player.Position, player.Outcome));
        Assert.True(player.Next());
        Assert.Equal((3L, 6), (player.Position, player.Outcome));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Verifier Verifier() => new(kernel: null, KernelRules.Reference);

    private static string States(LockStepPlay play) => string.Join('\n', play.Spaces.SelectMany(space =>
        play.Machine.Capture(space.Mm).Vmas.Select(vma => $"{space.Name} {vma.Start:x}-{vma.End:x} {vma.Flags} {vma.Pgoff}")));

    /// <summary>1, 2, 3, ... 20, five at a time.</summary>
    private sealed class Numbers : ISource<int>
    {
        private int _last;

        public int Ahead => 5;

        public int Read(Span<int> steps)
        {
            int count = 0;
            while (count < steps.Length && _last < 20)
            {
                steps[count++] = ++_last;
            }

            return count;
        }
    }

    private sealed class Doubling : StepTaker<int, int>
    {
        public int ThrowsAt { get; init; }

        public override Machine Machine { get; } = Reference.Create(new MachineOptions());

        public override IEnumerable<PlayedSpace> Spaces => [];

        public override int Take(in int step) => step == ThrowsAt ? throw new InvalidOperationException() : step * 2;
    }

    private sealed class Counted(int differsAt) : Observer<int, int>
    {
        public int Seen { get; private set; }

        public override string? Observe(long position, in int step, in int outcome)
        {
            Seen++;
            return step == differsAt ? $"step {step} is {outcome}" : null;
        }
    }
}
