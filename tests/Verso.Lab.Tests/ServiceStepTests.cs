using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>A scenario that has a page swapped out or moved which cannot be is wrong, and is told why.</summary>
public sealed class ServiceStepTests
{
    [Theory]
    [InlineData(
        "map A 4 2 rw shared\nwrite A 4 7\nswapout A 4",
        "swapout A 4: EINVAL, the page there is a file's or shared memory's; expected success")]
    [InlineData("map A 4 2 rw\nmigrate A 4", "migrate A 4: EFAULT, no page is mapped there; expected success")]
    [InlineData("map A 4 2 rw locked\nwrite A 4 7\nswapout A 4", "swapout A 4: EBUSY, the page there is locked; expected success")]
    [InlineData("map A 4 2 rw\nwrite A 4 7\nswapout A 4 -> EINVAL", "swapout A 4: success; expected EINVAL")]
    [InlineData("map A 4 2 rw shared\nwrite A 4 7\nswapout A 4 -> EINVAL", null)]
    [InlineData("map A 4 2 rw\nwrite A 4 7\nmigrate A 4\nswapout A 4\nread A 4 -> byte 7", null)]
    public void WhatCannotBeDoneIsAnError(string steps, string? message)
    {
        ScenarioRunOptions options = new() { Against = Against.Expectations };
        ScenarioResult result = Assert.Single(ScenarioVerification.Run(
            [Scenario.Parse(steps)], options, new VerificationProgress(), TestContext.Current.CancellationToken));
        Assert.Equal(message, result.Failure?.Difference);
    }
}
