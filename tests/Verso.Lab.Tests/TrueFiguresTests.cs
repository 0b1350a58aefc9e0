using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>A design takes from a recording what the program did, and is judged by what it had, not by what is left.</summary>
public sealed class TrueFiguresTests
{
    /// <summary>
    /// The kernel gave each VMA an anon_vma because of its guard; whether a design needs one for that is its own affair.
    /// </summary>
    [Theory]
    [InlineData("anon-vma-chain", 10, 10)]
    [InlineData("anon-vma-flags", 0, 0)]
    [InlineData("anon-vma-flags:guard=anon-vma", 10, 10)]
    [InlineData("anon-vma-flags:guard=vma-flag", 0, 0)]
    public void AnAnonVmaForAGuardIsTheDesignsToDecide(string design, int prepared, int allocated)
    {
        ReplayResult result = Guarded(PrepareReason.Guards).Replay(design: DesignChoice.Parse(design));
        Assert.Equal(prepared, result.Work.PreparedAllocated);
        Assert.Equal(allocated, result.Find("anon_vma")?.Allocated ?? 0);
        if (design.StartsWith("anon-vma-flags", StringComparison.Ordinal))
        {
            Assert.Equal(prepared, Figure(result, "anon_vmas prepared for a guard"));
        }
    }

    /// <summary>What is not said to be for a guard is what the program did: a page that something put there.</summary>
    [Fact]
    public void AnyOtherPreparationIsTheProgramsDoing()
    {
        ReplayResult result = Guarded(PrepareReason.Unknown).Replay(design: DesignChoice.Parse("anon-vma-flags"));
        Assert.Equal(10, result.Find("anon_vma")!.Allocated);
    }

    /// <summary>Nothing is left after the last exit: what is told is the most that was.</summary>
    [Fact]
    public void FiguresOfStateAreTheirPeaks()
    {
        RecordedMachine machine = new("6.18.44");
        machine.Map(0, 4);
        machine.Write(0);
        for (int child = 2; child < 60; child++)
        {
            machine.Fork(child);
            machine.WriteOf(child, 0);
            machine.WriteOf(1, 0);
        }

        for (int child = 2; child < 60; child++)
        {
            machine.Exit(child);
        }

        machine.Exit(1);
        ReplayResult result = machine.Replay(design: DesignChoice.Parse("address-space-tree"));
        Assert.InRange(Figure(result, "greatest depth"), 40, 60);
        Assert.InRange(Figure(result, DesignFigure.StaleFrames), 30, 60);
        Assert.Equal(FigureKind.State, result.Figures.Single(figure => figure.Name == "greatest depth").Kind);
    }

    /// <summary>66 mappings where 64 may be, each beside the one before: those that one VMA holds do not fail.</summary>
    [Fact]
    public void CallsThatFailAtTheLimitSucceedWhereThereAreFewerVmas()
    {
        RecordedMachine machine = new("6.18.44", new MachineOptions { MaxMapCount = 64 });
        int failed = 0;
        for (int page = 0; page < 80; page++)
        {
            machine.Map(2 * page, 1);
            failed += machine.Machine.World.Mms[machine.Mm].Vmas.Count > 64 ? 1 : 0;
        }

        ReplayResult result = machine.Replay();
        Assert.True(failed > 0);
        Assert.Equal(failed - 1, result.Calls.FailedAtVmaLimit);
    }

    /// <summary>
    /// A page of which 40 children have copies is walked for long after, and the walk is told apart from those of pages
    /// just touched.
    /// </summary>
    [Fact]
    public void PagesLongUntouchedAreWalkedForApart()
    {
        RecordedMachine machine = new("6.18.44");
        machine.Map(0, 50);
        machine.Write(0);
        for (int child = 2; child < 42; child++)
        {
            machine.Fork(child);
        }

        machine.Map(60, 100);
        for (int page = 60; page < 160; page++)
        {
            machine.Write(page);
        }

        WorkFigures work = machine.Replay().Work;
        Assert.Equal((101L, 1), (work.Touched.Count, work.Touched.Most));
        Assert.Equal((101L, 41), (work.Untouched.Count, work.Untouched.Most));
        Assert.Equal(1, work.Untouched.VisitedBy(0.5));
    }

    private static RecordedMachine Guarded(PrepareReason reason)
    {
        RecordedMachine machine = new("6.18.44");
        for (int at = 0; at < 40; at += 4)
        {
            machine.Map(at, 2);
            machine.Record(
                TraceEventKind.Prepare, 0, RecordedMachine.Address + ((ulong)at * Page.Size), (ulong)PrepareOutcome.Allocated,
                (ulong)reason);
            machine.Advise(at, 1, Advice.GuardInstall);
        }

        return machine;
    }

    private static long Figure(ReplayResult result, string name) =>
        result.Figures.Single(figure => figure.Name == name).Value;
}
