using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Comparison;
using Verso.Lab.Locks;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Every lock of every replay of examples/, in every design: taken in order, released by who took it, sums equal to counts.
/// Random steps are audited in Verso.Engine.Tests, by ScenarioRun.
/// </summary>
public sealed class LockReplayTests
{
    public static TheoryData<string> Names => ExampleTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void LocksAreInOrderAndSumUpToTheCounts(string name)
    {
        foreach (Catalogue.Entry design in Catalogue.Designs)
        {
            Audited audited = new();
            _ = Replay(name, design.Facts.Name, audited);
            Assert.True(audited.Audit!.Check() is not string violation, $"{design.Facts.Name}: {audited.Audit.Violation}");
            Assert.True(audited.Audit.Nested > 0);
        }
    }

    /// <summary>So that an mmap lock may be called by the mm of the event that takes it.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void AnMmapLockIsThatOfTheMmOfItsEvent(string name)
    {
        Audited audited = new();
        _ = Replay(name, "anon-vma-chain", audited);
        Assert.NotEmpty(audited.MmsOfMmapLocks);
        Assert.All(audited.MmsOfMmapLocks, of => Assert.Single(of.Value));
    }

    /// <summary>The tasks of a trace: no lock of these recordings is taken by none.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void EveryLockHasATask(string name)
    {
        Audited audited = new();
        _ = Replay(name, "anon-vma-chain", audited);
        Assert.DoesNotContain(0, audited.Audit!.Tasks);
    }

    /// <summary>Judging takes locks too, and they are nobody's.</summary>
    [Fact]
    public void VerificationIsNotHeard()
    {
        Audited audited = new();
        ReplayResult verified = Replay("demo", "anon-vma-chain", audited, Verification.AtCheckpoints);
        Assert.Null(audited.Audit!.Check());
        Assert.Equal(Replay("demo", "anon-vma-chain", null).Work.Locks, verified.Work.Locks);
    }

    [Theory]
    [InlineData("anon-vma-chain")]
    [InlineData("pte-chain")]
    [InlineData("reflink")]
    public void TheTallyHasAllThatIsCounted(string design)
    {
        LockTally tally = new();
        ReplayResult result = Replay("redis-bgsave", design, tally);
        Assert.Equal(result.Work.Locks.Values.Sum(count => count.Taken), tally.Classes.Sum(of => of.Reads + of.Writes));
        IReadOnlyList<LockFigures> all = tally.MostTaken(int.MaxValue);
        LockFigures[] waitedFor = [.. tally.Classes.Where(of => of.Class != LockClass.Rcu)];
        Assert.Equal(waitedFor.Sum(of => of.Locks), all.Count);
        foreach (LockFigures of in waitedFor)
        {
            LockFigures[] each = [.. all.Where(one => one.Class == of.Class)];
            Assert.Equal(
                (of.Reads, of.Writes, of.Steps, of.LongestSteps),
                (each.Sum(one => one.Reads), each.Sum(one => one.Writes), each.Sum(one => one.Steps), each.Max(one => one.LongestSteps)));
            Assert.InRange(of.Tasks, each.Max(one => one.Tasks), each.Sum(one => one.Tasks));
        }
    }

    /// <summary>Of two locks of one handle, one after the other, each counts its own.</summary>
    [Fact]
    public void WhatIsGoneIsAnotherLockNextTime()
    {
        LockTally tally = new();
        LockId root = new(LockClass.AnonVmaRoot, 3);
        for (int task = 1; task <= 2; task++)
        {
            tally.Event(task, new TraceEvent { Mm = 10 + task });
            tally.Begin(root, LockMode.Write, task, 5);
            tally.End(root, LockMode.Write, task, 5 + task, 1);
            tally.Gone(root);
        }

        Assert.Equal(
            [(11, 1L, 1L, 1), (12, 2L, 2L, 1)],
            tally.MostTaken(9).Select(one => (one.Mm, one.FirstEvent, one.Steps, one.Tasks)));
        Assert.Equal((2, 2, 3, 2), tally.Classes.Select(of => (of.Locks, of.Writes, of.Steps, of.Tasks)).Single());
    }

    private static ReplayResult Replay(
        string name, string design, IReplayLockLog? locks, Verification verification = Verification.None)
    {
        using TraceInput input = TraceInput.Open(ExampleTests.PathOf(name));
        ReplayOptions options = new() { Design = DesignChoice.Parse(design), Locks = locks, Verification = verification };
        return DesignComparison.Replay(input, options, progress: null);
    }

    private sealed class Audited : IReplayLockLog
    {
        private int _mm;

        public LockAudit? Audit { get; private set; }

        public Dictionary<LockId, HashSet<int>> MmsOfMmapLocks { get; } = [];

        public void Attach(Machine machine) => Audit = LockAudit.Of(machine);

        public void Event(long number, in TraceEvent e) => _mm = e.Mm;

        public void Begin(LockId id, LockMode mode, int task, long step)
        {
            if (id.Class == LockClass.Mmap)
            {
                MmsOfMmapLocks.TryAdd(id, []);
                MmsOfMmapLocks[id].Add(_mm);
            }

            Audit!.Begin(id, mode, task, step);
        }

        public void End(LockId id, LockMode mode, int task, long step, long work) => Audit!.End(id, mode, task, step, work);

        public void Gone(LockId id) => Audit!.Gone(id);
    }
}
