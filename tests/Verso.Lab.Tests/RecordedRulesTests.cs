using Verso.Engine;
using Verso.Lab.Replay;

namespace Verso.Lab.Tests;

/// <summary>A replay goes by the rules of the kernel that was recorded.</summary>
public sealed class RecordedRulesTests
{
    /// <summary>
    /// An unfaulted VMA takes over its faulted right neighbour since 6.16 (879bca0a2c4f) and not before: two VMAs in
    /// 6.12, one in 6.18.
    /// </summary>
    [Theory]
    [InlineData("6.12.117", RulesBasis.Compared)]
    [InlineData("6.12.5-amd64", RulesBasis.Series)]
    [InlineData("6.18.44-fc", RulesBasis.Compared)]
    [InlineData("7.3.4", RulesBasis.Compared)]
    [InlineData("6.14.2", RulesBasis.Versions)]
    [InlineData("", RulesBasis.Unknown)]
    public void ATraceOfAKernelAgreesUnderItsRules(string kernel, RulesBasis basis)
    {
        ReplayResult result = Record(kernel).Replay();
        Assert.True(result.Fidelity.IsFull);
        Assert.Equal((KernelRules.Nearest(kernel), basis), (result.Rules.Rules, result.Rules.Basis));
    }

    [Fact]
    public void ChosenRulesOverride()
    {
        ReplayResult result = Record("6.12.117").Replay(RulesChoice.Parse("6.18"));
        Assert.Equal((1L, 2L), (result.Fidelity.All.Checkpoints, result.Fidelity.All.Vmas.Total));
        Assert.Equal(("6.18.44", RulesBasis.Chosen), (result.Rules.Rules.Release, result.Rules.Basis));
        Assert.False(result.Fidelity.IsFull);
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("99.1")]
    [InlineData("new")]
    [InlineData("")]
    public void RulesThatThereAreNotAreNamed(string release) => Assert.StartsWith(
        $"no rules for Linux '{release}'; there are ",
        Assert.Throws<FormatException>(() => RulesChoice.Parse(release)).Message,
        StringComparison.Ordinal);

    private static RecordedMachine Record(string kernel)
    {
        RecordedMachine machine = new(kernel, new MachineOptions { Rules = KernelRules.Nearest(kernel) });
        machine.Map(0, 2);
        machine.Advise(1, 1, Advice.DontFork);
        machine.Write(1);
        machine.Advise(1, 1, Advice.DoFork);
        machine.Checkpoint();
        return machine;
    }
}
