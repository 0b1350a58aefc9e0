using Verso.Engine.Tests.Pages;

namespace Verso.Engine.Tests.Vmas;

/// <summary>Operations on VMAs allocate no managed memory once the arenas have grown.</summary>
public sealed class SteadyStateTests
{
    private const MapFlags Anonymous = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void Splits_merges_and_moves_allocate_nothing(string design)
    {
        PageStage scenario = new PageStage(design, new MachineOptions()).WithMemory(64);
        Machine machine = scenario.Machine;
        for (int page = 0; page < 64; page += 3)
        {
            machine.Fault(scenario.Parent, PageStage.At(page), FaultAccess.Write);
        }

        Assert.Equal(0, Fewest(scenario, () => Rearrange(machine, scenario.Parent)));
    }

    /// <summary>A round of every common operation that ends as it began.</summary>
    private static void Rearrange(Machine machine, MmId mm)
    {
        for (int page = 2; page < 60; page += 4)
        {
            Done(machine.Mprotect(mm, PageStage.At(page), 2 * Page.Size, Protection.Read));
            Done(machine.Madvise(mm, PageStage.At(page + 1), 2 * Page.Size, Advice.DontFork));
        }

        Done(machine.Mremap(mm, Move(at: 0, to: 100)));
        Done(machine.Mremap(mm, Move(at: 100, to: 0)));
        Done(machine.Madvise(mm, PageStage.Base, 64 * Page.Size, Advice.DoFork));
        Done(machine.Mprotect(mm, PageStage.Base, 64 * Page.Size, ReadWrite));
        Done(machine.Munmap(mm, PageStage.At(30), 2 * Page.Size));
        Done(machine.Mmap(mm, new MmapRequest(PageStage.At(30), 2 * Page.Size, ReadWrite, Anonymous)));
        Done(machine.Mlock(mm, PageStage.At(10), 5 * Page.Size));
        Done(machine.Munlock(mm, PageStage.At(10), 5 * Page.Size));
    }

    private static MremapRequest Move(int at, int to) => new(
        PageStage.At(at), 64 * Page.Size, 64 * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, PageStage.At(to));

    /// <summary>An assertion that allocates nothing while it holds.</summary>
    private static void Done(SyscallResult result)
    {
        if (result.Errno != Errno.None)
        {
            Assert.Fail(result.Errno.ToString());
        }
    }

    private static long Fewest(PageStage scenario, Action action)
    {
        long fewest = long.MaxValue;
        for (int run = 0; run < 6; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
            scenario.Check();
        }

        return fewest;
    }
}
