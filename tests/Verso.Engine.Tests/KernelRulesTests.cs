namespace Verso.Engine.Tests;

public sealed class KernelRulesTests
{
    [Theory]
    [InlineData("6.12.107+deb13-cloud-amd64", "6.12.107")]
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
}
