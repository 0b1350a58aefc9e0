namespace Verso.Engine.Tests;

public sealed class KernelRulesTests
{
    [Theory]
    [InlineData("6.12.107+deb13-cloud-amd64", "6.12.107")]
    [InlineData("6.12.116", "6.12.107")]
    [InlineData("6.12.117-verso-names", "6.12.117")]
    [InlineData("6.12.9", "6.12.107")]
    [InlineData("6.18.44-fc-v595", "6.18.44")]
    [InlineData("6.18.5", "6.18.44")]
    [InlineData("7.0.4+deb13-amd64", "7.0.13")]
    [InlineData("7.3-rc7", "7.3.4")]
    public void AKernelHasTheRulesOfItsSeries(string release, string rules) =>
        Assert.Equal(rules, KernelRules.Find(release)?.Release);

    [Theory]
    [InlineData("6.1.0-50-cloud-amd64")]
    [InlineData("6.120.1")]
    [InlineData("")]
    public void OtherKernelsHaveNone(string release) => Assert.Null(KernelRules.Find(release));

    /// <summary>
    /// Between 6.12 and 6.18 each switch is set from its own version on; nothing else is said to be known.
    /// </summary>
    [Theory]
    [InlineData("6.18.44-fc-v595", "6.18.44", RulesBasis.Compared)]
    [InlineData("6.18.0", "6.18.44", RulesBasis.Series)]
    [InlineData("6.12.5", "6.12.107", RulesBasis.Series)]
    [InlineData("7.3-rc7", "7.3.4", RulesBasis.Series)]
    [InlineData("6.13.0", "6.13", RulesBasis.Versions)]
    [InlineData("6.17", "6.17", RulesBasis.Versions)]
    [InlineData("6.17.13+deb14-amd64", "6.17", RulesBasis.Versions)]
    [InlineData("5.4.0", "6.12.107", RulesBasis.Other)]
    [InlineData("99.1.0", "7.3.4", RulesBasis.Other)]
    [InlineData("", "6.18.44", RulesBasis.Unknown)]
    public void TheNearestAndHowSureThatIs(string release, string rules, RulesBasis basis)
    {
        KernelRules nearest = KernelRules.Nearest(release);
        Assert.Equal((rules, basis), (nearest.Release, nearest.BasisFor(release)));
    }

    [Theory]
    [InlineData("6.12.107", false, false, false, false)]
    [InlineData("6.13.1", true, false, false, false)]
    [InlineData("6.14.9", true, false, false, false)]
    [InlineData("6.15.0", true, true, false, false)]
    [InlineData("6.16.12", true, true, true, false)]
    [InlineData("6.17.5", true, true, true, true)]
    [InlineData("6.18.44", true, true, true, true)]
    public void ASwitchIsSetFromItsVersionOn(string release, bool guards, bool fileGuards, bool unfaulted, bool moves)
    {
        KernelRules rules = KernelRules.Nearest(release);
        Assert.Equal(
            (guards, fileGuards, unfaulted, moves, moves),
            (rules.Guards, rules.FileGuards, rules.UnfaultedTargetMerges, rules.MultiVmaMove, rules.RemapChecksFirst));
        Assert.Equal(release == "6.18.44", rules.StickyGuardFlag);
        Assert.Equal(release == "6.18.44", rules.CopiedRangeForkLimit);
    }
}
