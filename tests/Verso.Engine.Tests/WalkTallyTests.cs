namespace Verso.Engine.Tests;

/// <summary>How many candidates walks looked at: sums, shares and the worst.</summary>
public sealed class WalkTallyTests
{
    [Fact]
    public void SharesAreByPowersOfTwoAndTheMostIsExact()
    {
        WalkTally tally = default;
        Assert.Equal((0, 0), (tally.VisitedBy(0.5), tally.Most));
        for (int walk = 0; walk < 98; walk++)
        {
            tally.Add(new WalkResult(1, 1, 1));
        }

        tally.Add(new WalkResult(5, 2, 4));
        tally.Add(new WalkResult(1000, 1, 7));
        Assert.Equal((100L, 1103L, 101L, 109L), (tally.Count, tally.Visited, tally.Useful, tally.VisitedUntilDone));
        Assert.Equal((1, 7, 1000), (tally.VisitedBy(0.5), tally.VisitedBy(0.99), tally.VisitedBy(1)));
        Assert.Equal(1000, tally.Most);
    }

    [Fact]
    public void AWalkThatFindsNobodyCountsAsTheShortest()
    {
        WalkTally tally = default;
        tally.Add(default);
        Assert.Equal((1L, 0, 0), (tally.Count, tally.Most, tally.VisitedBy(1)));
    }
}
