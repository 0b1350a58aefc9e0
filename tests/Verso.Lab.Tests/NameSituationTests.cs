using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain.Copies;
using Verso.Lab.LockStep;
using Verso.Linux.Guests;

namespace Verso.Lab.Tests;

/// <summary>
/// What explain says of names is checked by acting on it, on kernels that know them: no name, one, the other, with all
/// else that may differ. InAGuest has this done by a kernel that scripts/build-kernel built.
/// </summary>
public sealed class NameSituationTests(ITestOutputHelper output)
{
    private const int Generated = 300;
    private const int LeastRight = 150;
    private const int LeastShown = 100;

    /// <summary>The kernel to boot, and where the row of the table that comes of it is added, if anywhere.</summary>
    private const string KernelVariable = "VERSO_NAMING_KERNEL";
    private const string TableVariable = "VERSO_SITUATION_TABLE";

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(20);

    [Fact(Explicit = true)]
    public void EveryNameIsRight()
    {
        KernelRules rules = Rules();
        List<CopyTrial> trials = new SituationTrials(output).Try(
            $"named, {KernelStage.Release}", rules, Kinds().Select(kind => (kind, SituationGenerator.Expect(kind))));
        int shown = trials.Count(trial => trial.Shown.HasFlag(MergeTests.Name));
        Assert.True(shown >= LeastShown, $"{shown} situations in which names alone were shown");
        Assert.True(trials.Count(trial => trial.Result == CopyResult.Right) >= LeastRight);
        Assert.Contains(trials, trial => trial.Said == MergeTests.Name && trial.Result == CopyResult.Right);
        Assert.Contains(trials, trial => trial is { Said: MergeTests.None, Result: CopyResult.Right });
    }

    [Fact(Explicit = true)]
    public void LiesAboutNamesAreCaught()
    {
        KernelRules rules = Rules();
        List<Situation> kinds = Kinds();
        SituationTrials.AssertCaught(
            rules, kinds.Where(kind => SituationGenerator.Expect(kind) == MergeTests.Name), said => said & ~MergeTests.Name);
        SituationTrials.AssertCaught(
            rules, kinds.Where(kind => SituationGenerator.Expect(kind) == 0), said => said | MergeTests.Name);
    }

    /// <summary>These tests, by another kernel.</summary>
    [Fact(Explicit = true)]
    public void InAGuest()
    {
        string? image = Environment.GetEnvironmentVariable(KernelVariable);
        Assert.SkipWhen(image is null, $"{KernelVariable} names no kernel");
        GuestOutput ran = new GuestMachine().Run(
            new GuestRequest
            {
                Image = image!,
                Program = "Verso.Lab.Tests.dll",

                // The runner hashes.
                Libraries = ["libssl.so.3"],
                Arguments =
                [
                    "-noLogo", "-noColor", "-showLiveOutput", "-explicit", "on",
                    "-method", $"*.{nameof(EveryNameIsRight)}", "-method", $"*.{nameof(LiesAboutNamesAreCaught)}",
                ],
                Files = new Dictionary<string, byte[]>(),
                TimeLimit = _limit,
            },
            TestContext.Current.CancellationToken);
        output.WriteLine(ran.Text);
        Assert.Equal(0, ran.ExitStatus);
        Assert.Contains("Failed: 0, Skipped: 0", ran.Text, StringComparison.Ordinal);
        string row = ran.Text.Split('\n').First(line => line.Contains("| named, ", StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable(TableVariable) is { Length: > 0 } table)
        {
            File.AppendAllText(table, row[row.IndexOf('|', StringComparison.Ordinal)..].TrimEnd() + "\n");
        }
    }

    private static List<Situation> Kinds()
    {
        SituationGenerator generator = new(seed: 1);
        return [.. Enumerable.Range(0, Generated).Select(_ => generator.NextNamed()).Distinct()];
    }

    private static KernelRules Rules()
    {
        KernelRules rules = SituationTrials.Rules();
        AnonymousNames names = AnonymousNames.Refused;
        KernelStage.Use(worker: 0, kernel => names = kernel.Host.Names);
        Assert.SkipWhen(names == AnonymousNames.Refused, "this kernel has no CONFIG_ANON_VMA_NAME");
        return rules;
    }
}
