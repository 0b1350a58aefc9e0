using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Stepping;

namespace Verso.Lab.Tests;

/// <summary>Steps are the same forwards, backwards and by a jump, and say what changed.</summary>
public sealed class StepSessionTests
{
    private const string Text = """
        map A 4 4 rw
        write A 5 1
        fork A B
        write B 5 2
        map B 8 2 rw
        protect A 5 1 r-
        protect A 5 1 rw
        unmap A 100 1
        read A 30
        exit B
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("anon-vma-chain")]
    [InlineData("pte-chain")]
    [InlineData("reflink")]
    [InlineData("address-space-tree")]
    public void BackwardsAScenarioIsWhatItWasForwards(string design)
    {
        using StepSession session = Session(design);
        AssertSameBackwards(session, 10);
        Assert.Equal(10, session.Total);
    }

    [Fact]
    public void BackwardsARecordingIsWhatItWasForwards()
    {
        using TraceInput input = TraceInput.Open(ExampleTests.PathOf("bash-pipeline"));
        using StepSession session = new(
            [() => StepPlay.Of(input, DesignChoice.Parse("anon-vma-chain"), null, cancellation: Token)], cancellation: Token);
        AssertSameBackwards(session, 40);
        Assert.Null(session.Total);
        session.GoToEnd();
        Assert.Equal(session.Total, session.Position);
        Assert.False(session.Forward());
        Assert.False(session.GoTo(1_000_000));
        Assert.Equal(session.Total, session.Position);
    }

    [Fact]
    public void EachMarkIsFoundInBothDirections()
    {
        using StepSession session = Session("anon-vma-chain");
        Assert.True(session.FindNext(StepMarks.Fork));
        Assert.Equal(3, session.Position);
        Assert.False(session.FindNext(StepMarks.Fork));
        Assert.Equal(3, session.Position);
        Assert.True(session.FindNext(StepMarks.Refusal));
        Assert.Equal(5, session.Position);
        Assert.True(session.FindNext(StepMarks.Merge));
        Assert.Equal(7, session.Position);
        Assert.True(session.FindNext(StepMarks.Error));
        Assert.Equal(9, session.Position);
        Assert.True(session.FindPrevious(StepMarks.Refusal | StepMarks.Fork));
        Assert.Equal(5, session.Position);
        Assert.True(session.FindPrevious(StepMarks.Fork));
        Assert.False(session.FindPrevious(StepMarks.Fork));
        Assert.Equal(3, session.Position);
    }

    /// <summary>Many are found as fast as few: a search looks at each step once.</summary>
    [Fact]
    public void AllMarksOfARecordingAreFound()
    {
        using TraceInput input = TraceInput.Open(ExampleTests.PathOf("regions-random"));
        using StepSession session = new(
            [() => StepPlay.Of(input, DesignChoice.Parse("anon-vma-chain"), null, cancellation: Token)], cancellation: Token);
        List<long> forwards = [];
        while (session.FindNext(StepMarks.Merge))
        {
            forwards.Add(session.Position);
        }

        Assert.InRange(forwards.Count, 80, 172);
        List<long> backwards = [session.Position];
        while (session.FindPrevious(StepMarks.Merge))
        {
            backwards.Add(session.Position);
        }

        backwards.Reverse();
        Assert.Equal(forwards, backwards);
    }

    [Fact]
    public void WhatChangedIsMarked()
    {
        using StepSession session = Session("anon-vma-chain");
        session.GoTo(4);
        StepView write = session.Views[0];
        Assert.Equal("handle_mm_fault", write.Function);
        Assert.Equal(
            [("A", StepChange.Changed), ("B", StepChange.Changed)], write.Spaces.Select(space => (space.Name, space.Change)));
        Assert.All(write.Spaces, space =>
            Assert.Equal([StepChange.Changed], space.Pages.Select(page => page.Change).Where(change => change != StepChange.None)));
        Assert.Equal(1, write.Objects.Single(row => row.Name == "page").More);

        session.GoTo(5);
        StepMerge refused = Assert.Single(session.Views[0].Merges);
        Assert.Equal(("B", MergeTests.ForkedChain), (refused.Space, refused.Trial.Verdict.Failed));

        session.GoTo(6);
        Assert.Equal(
            [StepChange.Changed, StepChange.Changed, StepChange.Changed],
            session.Views[0].Spaces[0].Vmas.Select(vma => vma.Change));
        session.GoTo(10);
        Assert.Equal(StepChange.Gone, session.Views[0].Spaces.Single(space => space.Name == "B").Change);
    }

    [Fact]
    public void AStepThatIsNotPossibleIsSaid()
    {
        Scenario strict = Scenario.Parse("map A 4 1 rw\nexit A\nwrite A 4 1") with { Name = "x.txt", IsStrict = true };
        using StepSession session = new([() => Play(strict, "anon-vma-chain")], 3, Token);
        session.GoTo(2);
        InputException problem = Assert.Throws<InputException>(() => session.Forward());
        Assert.Equal("x.txt: step 3: 'write A 4 1' is not possible there", problem.Message);
    }

    [Fact]
    public void EveryVerbHasItsFunction()
    {
        foreach (OpKind kind in Enum.GetValues<OpKind>().Where(kind => kind != OpKind.Fail))
        {
            Assert.Matches("^[_a-z]+$", KernelFunctions.Of(new Op(kind, 'A')));
        }
    }

    private static void AssertSameBackwards(StepSession session, int steps)
    {
        List<StepView> forwards = [];
        for (int at = 1; at <= steps; at++)
        {
            Assert.True(at == 1 ? session.GoTo(1) : session.Forward());
            forwards.Add(session.Views[0]);
        }

        for (int at = steps - 1; at > 0; at--)
        {
            Assert.True(session.Backward());
            Assert.Equal(at, session.Position);
            Assert.Equivalent(forwards[at - 1], session.Views[0], strict: true);
        }

        Assert.False(session.Backward());
        session.GoTo(steps);
        Assert.Equivalent(forwards[^1], session.Views[0], strict: true);
    }

    private static StepSession Session(string design)
    {
        Scenario scenario = Scenario.Parse(Text);
        return new StepSession([() => Play(scenario, design)], scenario.Ops.Count, Token);
    }

    private static StepPlay Play(Scenario scenario, string design) =>
        StepPlay.Of(scenario, DesignChoice.Parse(design), KernelRules.Reference, cancellation: Token);
}
