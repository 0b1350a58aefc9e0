namespace Verso.Engine.Tests.Conformance;

/// <summary>Shrinking: what is left still fails, and nothing more can go.</summary>
public sealed class ShrinkerTests
{
    [Fact]
    public void LeavesOnlyTheStepsThatMatter()
    {
        Scenario scenario = new ScenarioMaker(7).Make(200);
        static bool Fails(Scenario each) =>
            each.Ops.Any(op => op.Kind == OpKind.Fork) && each.Ops.Any(op => op.Kind == OpKind.Remap && op.Count >= 2);

        Scenario small = Shrinker.Shrink(scenario, Fails);

        Assert.Equal(2, small.Ops.Count);
        Assert.True(Fails(small));
        Assert.Equal(2, small.Ops.Single(op => op.Kind == OpKind.Remap).Count);
        Assert.Equal(LazyFree.Keep, small.LazyFree);
    }
}
