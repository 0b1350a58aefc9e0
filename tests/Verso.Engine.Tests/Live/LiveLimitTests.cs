namespace Verso.Engine.Tests.Live;

/// <summary>What happens where address space or VMAs run out, as the live kernel has it.</summary>
public sealed class LiveLimitTests
{
    private const ulong PrivateAnonymousFixed = 0x4032;
    private const ulong Filler = 0x20_0000_0000;

    /// <summary>At vm.max_map_count some calls fail, some go one above, and some have done half their work.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(6)]
    public void VmasRunOut(int left)
    {
        using PuppetFiles files = Files();
        using Duel duel = new("anon-vma-chain", files);
        OperationSource source = new(left, Mix.Moves) { Heap = duel.Heap };
        int limit = duel.Machine.World.Options.MaxMapCount;
        int stripes = (limit - left - duel.VmaCount - 1) / 2;
        ulong length = (ulong)((2 * stripes) + 1) * Page.Size;
        Assert.Null(duel.Do(new Operation(0, Act.Mmap, Filler, length, 3, PrivateAnonymousFixed, ulong.MaxValue)));
        Assert.Null(duel.Do(new Operation(0, Act.Stripe, Filler + Page.Size, (ulong)stripes, 1)));
        int most = 0;
        for (int step = 0; step < 500; step++)
        {
            Operation operation = source.Next();
            if (operation.Process != 0 || operation.Act is Act.Fork or Act.Exit or Act.Mlockall or Act.Munlockall)
            {
                continue;
            }

            string? difference = duel.Do(operation);
            Assert.True(difference is null, $"step {step}, {operation}: {difference}");
            most = Math.Max(most, duel.VmaCount);
        }

        Assert.True(most > limit, $"there were only {most} VMAs");
        Assert.Null(duel.CompareAll());
        files.SayWhatWasLeftOut();
    }

    /// <summary>The top-down search fails, and what lies above the base of mappings is used.</summary>
    [Fact]
    public void TheSearchFallsBackToBottomUp()
    {
        using PuppetFiles files = Files();
        using Duel duel = new("anon-vma-chain", files);
        const ulong Low = 0x1000_0000;
        Operation[] steps =
        [
            new(0, Act.Mmap, Low, 0x7fff_f7ff_0000 - Low, 0, PrivateAnonymousFixed, ulong.MaxValue),
            new(0, Act.Mmap, 0, Low, 0, 0x4022, ulong.MaxValue),
            new(0, Act.Mmap, 0, 0x100_0000, 0, 0x4022, ulong.MaxValue),
            new(0, Act.Mmap, 0, 0x20_0000, 0, 0x4022, ulong.MaxValue),
            new(0, Act.Mmap, 0, 0x1000, 0, 0x4022, ulong.MaxValue),
            new(0, Act.Mmap, 0, 0x700_0000, 0, 0x4022, ulong.MaxValue),
            new(0, Act.Mmap, 0, 0x100_0000_0000, 0, 0x4022, ulong.MaxValue),
        ];
        foreach (Operation step in steps)
        {
            string? difference = duel.Step(step);
            Assert.True(difference is null, $"{step}: {difference}");
        }

        files.SayWhatWasLeftOut();
    }

    private static PuppetFiles Files()
    {
        string? missing = Puppet.Missing();
        Assert.SkipWhen(missing is not null, missing ?? "");
        return new PuppetFiles();
    }
}
