using System.Globalization;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Linux.Proc;

namespace Verso.Lab.Tests;

/// <summary>
/// The live kernel as the judge. Skipped, with the reason, where there is no such kernel to be asked.
/// </summary>
/// <remarks>
/// VERSO_VERIFY_SEED chooses other random scenarios; VERSO_VERIFY_COUNT, _MIXED and _FULL more of them.
/// Strategy: every step is chosen by what the engine has mapped, so that most succeed and ranges meet; kernel and
/// engine take it, and all that both show is compared. Mixes are mostly of one thing each. Mutations show that errors
/// are caught, and how soon.
/// </remarks>
public sealed class LiveVerificationTests(ITestOutputHelper output)
{
    private const int StepsOfSequence = 100;
    private const int StepsToCatch = 50_000;

    public static TheoryData<Mutation> Mutations { get; } =
        [.. Enum.GetValues<Mutation>().Where(mutation => mutation != Mutation.None)];

    private static Dictionary<string, KernelRules> WrongRules { get; } = new()
    {
        ["unfaulted targets refuse"] = KernelRules.Linux61844 with { UnfaultedTargetMerges = false },
        ["no fork limit for copies"] = KernelRules.Linux61844 with { CopiedRangeForkLimit = false },
        ["guards leave no flag"] = KernelRules.Linux61844 with { StickyGuardFlag = false },
        ["files have no guards"] = KernelRules.Linux61844 with { FileGuards = false },
        ["one VMA a move"] = KernelRules.Linux61844 with { MultiVmaMove = false },
    };

    public static TheoryData<string> RuleSwitches { get; } = [.. WrongRules.Keys];

    [Fact]
    public void RandomScenariosAgree()
    {
        _ = RequireKernel();
        RandomVerificationOptions options = new()
        {
            Seed = (ulong)Setting("VERSO_VERIFY_SEED", 1),
            Count = Setting("VERSO_VERIFY_COUNT", 250),
            Steps = StepsOfSequence,
            Rules = RulesChoice.For(KernelStage.Release),
        };
        RandomVerificationResult result =
            RandomVerification.Run(options, new VerificationProgress(), TestContext.Current.CancellationToken);
        output.WriteLine($"{result.Steps} steps in {result.Sequences} sequences");
        Assert.Empty(result.Failures.Select(failure => $"{failure.Difference}\n{failure.Scenario}"));
        Assert.Equal(options.Count * StepsOfSequence, result.Steps);
    }

    public static TheoryData<string> Mixes { get; } =
        [.. StepMix.OfKernels.Where(mix => mix != StepMix.Everything).Select(mix => mix.Name)];

    /// <summary>The same, mostly of one thing each; VERSO_VERIFY_MIXED sequences.</summary>
    [Theory]
    [MemberData(nameof(Mixes))]
    public void RandomScenariosOfOneKindAgree(string name)
    {
        _ = RequireKernel();
        RandomVerificationOptions options = new()
        {
            Seed = (ulong)Setting("VERSO_VERIFY_SEED", 1),
            Count = Setting("VERSO_VERIFY_MIXED", 40),
            Steps = StepsOfSequence,
            Mix = StepMix.OfKernels.First(mix => mix.Name == name),
            Rules = RulesChoice.For(KernelStage.Release),
        };
        RandomVerificationResult result =
            RandomVerification.Run(options, new VerificationProgress(), TestContext.Current.CancellationToken);
        Assert.Empty(result.Failures.Select(failure => $"{failure.Difference}\n{failure.Scenario}"));
        Assert.Equal(options.Count * StepsOfSequence, result.Steps);
    }

    /// <summary>The same in address spaces that are full at 10 VMAs; VERSO_VERIFY_FULL of them.</summary>
    [Fact]
    public void RandomScenariosAtTheLimitAgree()
    {
        _ = RequireKernel();
        Assert.SkipWhen(KernelStage.WhyNotFull() is not null, KernelStage.WhyNotFull() ?? "");
        RandomVerificationOptions options = new()
        {
            Seed = (ulong)Setting("VERSO_VERIFY_SEED", 1),
            Count = Setting("VERSO_VERIFY_FULL", 1),
            Steps = StepsOfSequence,
            Mix = StepMix.Everything.WithMaxMaps(10),
            Rules = RulesChoice.For(KernelStage.Release),
        };
        RandomVerificationResult result =
            RandomVerification.Run(options, new VerificationProgress(), TestContext.Current.CancellationToken);
        Assert.Empty(result.Failures.Select(failure => $"{failure.Difference}\n{failure.Scenario}"));
        Assert.Equal(options.Count * StepsOfSequence, result.Steps);
    }

    /// <summary>What real programs did, done again by processes of the kernel and by the engine.</summary>
    [Theory]
    [InlineData("bash-pipeline", 5_000)]
    [InlineData("git-repack", 8_000)]
    [InlineData("regions-random", 700)]
    public void TracesAgree(string name, long leastSteps)
    {
        _ = RequireKernel();
        ScenarioRunOptions options = new() { Rules = RulesChoice.For(KernelStage.Release) };
        using TraceInput input = TraceInput.Open(Path.Combine(ExampleTests.Folder(), $"{name}.verso"));
        ScenarioResult result = Assert.Single(ScenarioVerification.Run(
            [TraceScenario.Read(input, long.MaxValue)],
            options,
            new VerificationProgress(),
            TestContext.Current.CancellationToken));
        Assert.Null(result.Failure?.Difference);
        Assert.True(result.Steps > leastSteps, $"{result.Steps} steps");
    }

    /// <summary>A judge that acquits everybody is none: each error is found, and soon.</summary>
    [Theory]
    [MemberData(nameof(Mutations))]
    public void ErrorsAreCaught(Mutation mutation)
    {
        KernelRules rules = RequireKernel();
        Assert.SkipWhen(
            mutation == Mutation.ForkCopiesAll && ZeroPageProbe.Ask() == ZeroPages.None,
            "without a zero page, memory that has no anon_vma has no entries that fork could copy");
        Catch(rules, kernel => new Verifier(kernel, KernelRules.Linux61844) { Design = MutatedChain.Entry(mutation) });
    }

    [Theory]
    [MemberData(nameof(RuleSwitches))]
    public void WrongRulesAreCaught(string name)
    {
        RequireKernel();
        Catch(WrongRules[name], kernel => new Verifier(kernel, WrongRules[name]));
    }

    /// <summary>
    /// A difference of state among 600 VMAs, which are not compared after every step: the step that made it is found.
    /// </summary>
    [Fact]
    public void TheStepThatDiffersIsFoundAmongManyVmas()
    {
        _ = RequireKernel();
        IEnumerable<string> steps = Enumerable.Range(0, 600).Select(at => $"map A {100 + (2 * at)} 1 rw")
            .Concat(["map A 4 2 rw", "read A 5", "read A 5", "advise A 4 1 guardinstall"])
            .Concat(Enumerable.Repeat("read A 5", 40));
        var scenario = Scenario.Parse(string.Join('\n', steps));
        Failure? failure = null;
        bool agrees = false;
        KernelStage.Use(worker: 0, kernel =>
        {
            agrees = new Verifier(kernel, KernelRules.Linux61844).Play(scenario) is null;
            failure = new Verifier(kernel, WrongRules["guards leave no flag"]).Play(scenario);
        });
        Assert.True(agrees);
        Assert.Equal(603, failure?.Step);
        Assert.Equal(scenario.Ops.Count, failure?.Scenario.Ops.Count);
    }

    private static KernelRules RequireKernel()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        return rules!;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value)
            ? value
            : otherwise;

    private void Catch(KernelRules rules, Func<KernelStage, Verifier> make)
    {
        Failure? failure = null;
        long steps = 0;
        KernelStage.Use(worker: 0, kernel =>
        {
            Verifier verifier = make(kernel);
            for (ulong seed = 1; failure is null && verifier.Steps < StepsToCatch; seed++)
            {
                failure = verifier.PlayRandom(seed, StepsOfSequence, StepMix.Everything);
            }

            steps = verifier.Steps;
            failure = failure is null ? null : verifier.Shrink(failure);
        });
        Assert.True(failure is not null, $"not caught within {steps} steps under the rules of {rules.Release}");
        output.WriteLine($"caught after {steps} steps: {failure.Difference}\n{failure.Scenario}");
        Assert.DoesNotContain("not again", failure.Difference, StringComparison.Ordinal);
    }
}
