using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>Kernel and engine do not both play what makes huge pages; page 12 of the window begins one.</summary>
public sealed class HugePageScenarioTests
{
    [Theory]
    [InlineData("advise A 12 512 collapse", true)]
    [InlineData("advise A 11 514 collapse", true)]
    [InlineData("advise A 11 512 collapse", false)]
    [InlineData("advise A 12 511 collapse", false)]
    [InlineData("advise A 12 511.1 collapse", false)]
    [InlineData("advise A 12 512 hugepage", false)]
    public void AWholeHugePageIsRefused(string step, bool isRefused)
    {
        Scenario scenario = Scenario.Parse($"map A -512 4096 rw\n{step}\n");
        string refusal = $"{step}: the kernel makes huge pages here, which the engine does not model";
        Assert.Equal(isRefused ? refusal : null, scenario.WhyNotInLockStep);
    }

    [Fact]
    public void WhatOnlyTheEngineCanDoIsSaid() => Assert.Equal(
        "swapout A 4: only --engine can do this",
        Scenario.Parse("map A 4 1 rw\nswapout A 4\n").WhyNotInLockStep);
}
