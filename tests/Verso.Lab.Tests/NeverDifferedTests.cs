using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// "VMAs if never so" is what a process of the running kernel has that took the same steps without those that make the
/// difference: generated programs that give pages flags and policies of their own, and write.
/// </summary>
/// <remarks>
/// Strategy: programs of random flags and writes, in random order, are played whole and without the steps that make
/// the difference; seeds 1 to 150.
/// </remarks>
public sealed class NeverDifferedTests(ITestOutputHelper output)
{
    private const int Programs = 150;
    private const int First = 2;
    private const int Pages = 16;

    private static readonly MergeTests[] _reasons =
        [MergeTests.Flags, MergeTests.Policy, MergeTests.Flags | MergeTests.Policy];

    private static readonly string[] _flags =
        ["advise {0} {1} 1 dontdump", "advise {0} {1} 1 random", "protect {0} {1} 1 r-", "lock {0} {1} 1 onfault"];

    [Fact]
    public void OfGeneratedPrograms()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules is null, $"no rules of kernel {KernelStage.Release}");
        int smaller = 0;
        KernelStage.Use(worker: 0, kernel =>
        {
            for (int seed = 1; seed <= Programs; seed++)
            {
                string[] steps = Generate(new Random(seed));
                SpaceExplanation said = Play(kernel, rules!, steps, MergeTests.None);
                foreach (MergeTests never in _reasons)
                {
                    SpaceExplanation had = Play(kernel, rules!, steps, never);
                    Assert.True(
                        had.VmasWithout(MergeTests.None).Most == said.VmasWithoutEver(never).Most,
                        $"seed {seed} without {never}: said {said.VmasWithoutEver(never).Most}, "
                            + $"the kernel has {had.VmasWithout(MergeTests.None).Most}: {string.Join("; ", steps)}: "
                            + string.Join(", ", said.Boundaries.Select(pair => pair.Verdict.Failed)));
                    smaller += said.VmasWithoutEver(never).Most < said.VmasWithout(never).Most ? 1 : 0;
                }
            }
        });
        output.WriteLine($"{Programs} programs, {smaller} figures smaller than what undoing it now gives");
        Assert.True(smaller >= Programs / 4, $"only {smaller}");
    }

    // Differences first: what is written while a VMA is whole gives its anon_vma to parts that are divided later, and
    // a program without one difference may have more VMAs for another.
    private static string[] Generate(Random random)
    {
        List<string> differences = [];
        List<string> writes = [];
        for (int page = First; page < First + Pages; page++)
        {
            string flags = string.Format(null, _flags[random.Next(_flags.Length)], "A", page);
            bool isDivided = random.Next(3) == 0;
            if (isDivided)
            {
                differences.Add(flags);
            }

            if (random.Next(6) == 0)
            {
                differences.Add($"policy A {page} 1 1");
            }

            if (random.Next(2) == 0 && !(isDivided && flags.StartsWith("protect", StringComparison.Ordinal)))
            {
                writes.Add($"write A {page} 1");
            }
        }

        string[] shuffled = [.. differences];
        random.Shuffle(shuffled);
        string[] written = [.. writes];
        random.Shuffle(written);
        return [.. shuffled, .. written];
    }

    private static SpaceExplanation Play(KernelStage kernel, KernelRules rules, string[] steps, MergeTests without)
    {
        IEnumerable<string> taken = steps.Where(step => step[..step.IndexOf(' ')] switch
        {
            "advise" or "protect" or "lock" => (without & MergeTests.Flags) == 0,
            "policy" => (without & MergeTests.Policy) == 0,
            _ => true,
        });
        Scenario scenario = Scenario.Parse(string.Join('\n', taken.Prepend($"map A {First} {Pages} rw")));
        kernel.Begin(scenario);
        foreach (Op step in scenario.Ops)
        {
            _ = kernel.Do(step);
        }

        MmImage image = kernel.Capture('A');
        ProcessGraph process = new(1, "steps", 0, image, GraphReading.Whole);
        return SpaceExplanation.Of(process, [], 65530, rules);
    }
}
