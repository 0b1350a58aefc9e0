using System.Globalization;
using System.Text;

namespace Verso.Engine.Tests.Live;

/// <summary>
/// Random operations done by real processes and by the engine: results, VMAs, locked and total pages, and what each
/// page holds must agree after every step. Skipped where the kernel is not the one whose rules the engine has.
/// </summary>
/// <remarks>VERSO_LIVE_SEED and VERSO_LIVE_RUNS choose other seeds and more of them.</remarks>
public sealed class LiveKernelTests
{
    private const int StepsPerRun = 60;

    /// <summary>RLIMIT_MEMLOCK of the runs about locking: 20 pages.</summary>
    private const ulong LittleToLock = 20 << 12;

    [Theory]
    [InlineData(Mix.Everything)]
    [InlineData(Mix.Families)]
    [InlineData(Mix.Moves)]
    [InlineData(Mix.Placement)]
    [InlineData(Mix.Segments)]
    [InlineData(Mix.Locks)]
    public void RandomOperationsAgreeWithTheKernel(Mix mix)
    {
        string? missing = Puppet.Missing();
        Assert.SkipWhen(missing is not null, missing ?? "");
        using PuppetFiles files = new(mix == Mix.Locks ? LittleToLock : ulong.MaxValue);
        Assert.SkipUnless(
            mix != Mix.Placement || files.IsPlacedAtHugePages,
            "needs a temporary directory (TMPDIR) on ext4, xfs or btrfs: others place files otherwise");
        int seed = Setting("VERSO_LIVE_SEED", 1);
        int runs = Setting("VERSO_LIVE_RUNS", 6);
        for (int run = 0; run < runs; run++)
        {
            Operation[] steps = Generate(files, seed + run, mix);
            string? difference = Run(files, steps, out int failedAt);
            if (difference is not null)
            {
                Assert.Fail(Shrunk(files, seed + run, steps[..(failedAt + 1)]));
            }
        }

        files.SayWhatWasLeftOut();
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value)
            ? value
            : otherwise;

    private static Operation[] Generate(PuppetFiles files, int seed, Mix mix)
    {
        using Duel duel = new("anon-vma-chain", files);
        OperationSource source = new(seed, mix) { Heap = duel.Heap };
        Operation[] steps = new Operation[StepsPerRun];
        for (int step = 0; step < steps.Length; step++)
        {
            steps[step] = source.Next();
        }

        return steps;
    }

    private static string? Run(PuppetFiles files, ReadOnlySpan<Operation> steps, out int failedAt)
    {
        using Duel duel = new("anon-vma-chain", files);
        for (failedAt = 0; failedAt < steps.Length; failedAt++)
        {
            string? difference = duel.Step(steps[failedAt]);
            if (difference is not null)
            {
                return difference;
            }
        }

        return null;
    }

    /// <summary>Leaves out steps as long as some difference remains, and tells what is left.</summary>
    private static string Shrunk(PuppetFiles files, int seed, Operation[] steps)
    {
        List<Operation> kept = [.. steps];
        for (bool shrunk = true; shrunk;)
        {
            shrunk = false;
            for (int at = kept.Count - 2; at >= 0; at--)
            {
                List<Operation> fewer = [.. kept];
                fewer.RemoveAt(at);
                if (IsRunnable(fewer) && Run(files, fewer.ToArray(), out int failedAt) is not null)
                {
                    kept = fewer[..(failedAt + 1)];
                    at = Math.Min(at, kept.Count - 1);
                    shrunk = true;
                }
            }
        }

        StringBuilder text = new($"seed {seed}\n");
        foreach (Operation step in kept)
        {
            text.Append("  ").Append(step).Append('\n');
        }

        return text.Append(Run(files, kept.ToArray(), out _)).ToString();
    }

    /// <summary>Whether every process that acts was forked and has not ended.</summary>
    private static bool IsRunnable(List<Operation> steps)
    {
        HashSet<int> alive = [0];
        foreach (Operation step in steps)
        {
            if (!alive.Contains(step.Process))
            {
                return false;
            }

            switch (step.Act)
            {
                case Act.Fork:
                    alive.Add((int)step.A);
                    break;
                case Act.Exit when !alive.Contains((int)step.A):
                    return false;
                case Act.Exit:
                    alive.Remove(step.Process);
                    break;
            }
        }

        return true;
    }
}
