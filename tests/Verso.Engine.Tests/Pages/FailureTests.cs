namespace Verso.Engine.Tests.Pages;

/// <summary>S4: any single allocation may fail; every invariant still holds, and nothing leaks.</summary>
public sealed class FailureTests
{
    public static TheoryData<string> Designs => PageStage.Designs;

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_fork_that_fails_anywhere_leaves_the_parent_as_it_was(string design)
    {
        int failures = 0;
        for (int chosen = 0; RunFork(design, chosen); chosen++)
        {
            failures++;
        }

        // An mm, a VMA, and where entries are copied four page tables, at the least.
        Assert.InRange(failures, new PageStage(design).CopiesEntries ? 6 : 2, 200);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_write_that_fails_anywhere_can_be_repeated(string design)
    {
        int failures = 0;
        for (int chosen = 0; RunWrites(design, chosen); chosen++)
        {
            failures++;
        }

        // A frame for each of the four pages at the least.
        Assert.InRange(failures, 4, 100);
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void A_move_that_fails_anywhere_moves_nothing(string design)
    {
        // Once entry by entry, once by whole tables.
        foreach (int target in (int[])[600_000, 1172 * 512])
        {
            int failures = 0;
            for (int chosen = 0; RunMove(design, chosen, target); chosen++)
            {
                failures++;
            }

            Assert.InRange(failures, 2, 100);
        }
    }

    [Theory]
    [MemberData(nameof(Designs))]
    public void Frames_run_out_at_the_limit(string design)
    {
        MachineOptions options = new() { Contents = PageContents.Bytes, FrameLimit = 3 };
        PageStage scenario = new PageStage(design, options).WithMemory(8);
        for (int page = 0; page < 3; page++)
        {
            scenario.Write(scenario.Parent, page, 1);
        }

        Assert.Equal(FaultOutcome.OutOfMemory, scenario.Machine.WriteByte(scenario.Parent, PageStage.At(3), 1));
        scenario.Check();
        scenario.Advise(scenario.Parent, 0, 1, Advice.DontNeed);
        scenario.Write(scenario.Parent, 3, 1);
        scenario.Check();
        scenario.EndAll(scenario.Parent);
    }

    /// <summary>Returns whether the chosen allocation was reached, and so failed.</summary>
    private static bool RunFork(string design, int chosen)
    {
        (PageStage scenario, OneFailure failure) = Begin(design);
        failure.Arm(chosen);
        Errno errno = scenario.Machine.Fork(scenario.Parent, out MmId child).Errno;
        bool failed = failure.Disarm();
        Assert.Equal(failed ? Errno.ENOMEM : Errno.None, errno);
        scenario.Check();
        CheckValues(scenario, scenario.Parent, 0);
        if (!failed)
        {
            CheckValues(scenario, child, 0);
            scenario.Machine.ReleaseMm(child);
        }

        scenario.EndAll(scenario.Parent);
        return failed;
    }

    private static bool RunWrites(string design, int chosen)
    {
        (PageStage scenario, OneFailure failure) = Begin(design);
        MmId child = scenario.Fork(scenario.Parent);
        failure.Arm(chosen);
        foreach (int page in (int[])[3, 511, 600, 700])
        {
            FaultOutcome outcome = scenario.Machine.WriteByte(child, PageStage.At(page), 99);
            if (outcome == FaultOutcome.OutOfMemory)
            {
                scenario.Check();
                outcome = scenario.Machine.WriteByte(child, PageStage.At(page), 99);
            }

            Assert.Equal(FaultOutcome.Done, outcome);
            Assert.Equal(99, scenario.Read(child, page));
        }

        bool failed = failure.Disarm();
        CheckValues(scenario, scenario.Parent, 0);
        scenario.EndAll(child, scenario.Parent);
        return failed;
    }

    private static bool RunMove(string design, int chosen, int target)
    {
        (PageStage scenario, OneFailure failure) = Begin(design);
        MmId child = scenario.Fork(scenario.Parent);
        CheckValues(scenario, child, 0);
        failure.Arm(chosen);
        MremapRequest move = new(
            PageStage.At(0),
            520 * Page.Size,
            520 * Page.Size,
            RemapFlags.MayMove | RemapFlags.Fixed,
            PageStage.At(target));
        Errno errno = scenario.Machine.Mremap(child, move).Errno;
        bool failed = failure.Disarm();
        Assert.Equal(failed ? Errno.ENOMEM : Errno.None, errno);
        scenario.Check();
        CheckValues(scenario, child, failed ? 0 : target);
        CheckValues(scenario, scenario.Parent, 0);
        scenario.EndAll(scenario.Parent, child);
        return failed;
    }

    /// <summary>Pages 3 and 508..515 hold their number; two leaf tables.</summary>
    private static (PageStage PageStage, OneFailure Failure) Begin(string design)
    {
        OneFailure failure = new();
        MachineOptions options = new() { Contents = PageContents.Bytes, Failure = failure };
        PageStage scenario = new PageStage(design, options).WithMemory(520);
        scenario.WithMemory(200, at: 600);
        scenario.Write(scenario.Parent, 3, 3);
        for (int page = 508; page < 516; page++)
        {
            scenario.Write(scenario.Parent, page, (byte)page);
        }

        return (scenario, failure);
    }

    private static void CheckValues(PageStage scenario, MmId mm, int shift)
    {
        Assert.Equal(3, scenario.Read(mm, shift + 3));
        for (int page = 508; page < 516; page++)
        {
            Assert.Equal((byte)page, scenario.Read(mm, shift + page));
        }
    }

    /// <summary>Lets the n-th allocation from now fail.</summary>
    private sealed class OneFailure : IAllocationFailure
    {
        private int _left = -1;
        private bool _failed;

        public void Arm(int chosen)
        {
            _left = chosen;
            _failed = false;
        }

        /// <summary>Lets all succeed; returns whether one failed.</summary>
        public bool Disarm()
        {
            _left = -1;
            return _failed;
        }

        public bool ShouldFail(string objectType)
        {
            bool chosen = _left == 0;
            _left -= _left >= 0 ? 1 : 0;
            _failed |= chosen;
            return chosen;
        }
    }
}
