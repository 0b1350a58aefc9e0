using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// S4: for each call every single allocation it makes is made to fail in turn. The call says ENOMEM or had no need of
/// it; its effect is a prefix of its own steps; everything works afterwards; and nothing is left at the end.
/// </summary>
public sealed class AllocationFailureTests
{
    /// <summary>
    /// Two related processes, a third whose parent is gone, VMAs that a call in their middle must split, a mapping
    /// across the end of a leaf table, private and shared files, shared memory, a guard.
    /// </summary>
    private const string Prefix = """
        map A 2 6 rw
        write A 2 1
        write A 5 2
        fork A B
        write A 5 3
        write B 3 4
        fork B C
        map A 10 4 rw
        write A 11 5
        write A 12 6
        file A 15 3 rw f 0
        write A 16 7
        map A 20 3 rw shared
        write A 21 8
        map B 10 3 rw
        advise B 11 1 guardinstall
        exit B
        """;

    public static TheoryData<string, string> Cases { get; } = MakeCases(
    [
        "map A 30 2 rw",
        "map A 8 1 rw",
        "map A 3 2 r-",
        "map A 12 4 rw shared populate",
        "map C 30 3 rw locked",
        "file A 16 1 rw g 4",
        "file A 30 2 rw f 1 shared populate",
        "file A 30 3 rw f 0 populate",
        "unmap A 3 1",
        "unmap A 3 10",
        "protect A 3 1 r-",
        "protect A 3 1 --",
        "protect A 2 20 r-",
        "policy A 3 2 1",
        "remap A 3 1 1 maymove fixed 30",
        "remap A 3 2 2 maymove fixed 11",
        "remap A 2 12 12 maymove fixed 40",
        "remap A 2 6 6 maymove dontunmap",
        "remap A 3 2 2 maymove fixed 30 dontunmap",
        "remap A 10 4 2",
        "remap A 10 4 5",
        "remap A 10 4 9 maymove",
        "remap C 3 2 7 maymove",
        "remap A 20 3 5 maymove fixed 30",
        "remap A 20 0 3 maymove",
        "advise A 3 1 dontfork",
        "advise C 3 2 wipeonfork",
        "advise A 3 2 sequential",
        "advise A 3 12 guardinstall",
        "advise C 2 3 dontneed",
        "advise A 2 4 populatewrite",
        "advise A 15 3 populatewrite",
        "brk A 23",
        "brk C 21",
        "lock A 3 2",
        "lock A 15 2",
        "lock A 3 8 onfault",
        "lockall A current future",
        "fork A D",
        "fork C D",
        "read A 4",
        "read A 17",
        "write A 4 9",
        "write C 3 9",
        "write A 15 9",
        "write A 22 9",
        "exec A",
    ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EachAllocationMayFail(string step, string design)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        Op[] prefix = [.. Scenario.Parse(Prefix).Ops];
        Op op = OpText.Parse(step);
        long allocations = CountAllocations(entry, prefix, op);
        for (long nth = 1; nth <= allocations; nth++)
        {
            Op fail = new(OpKind.Fail, '-') { Start = nth };

            // Afterwards the same call, and a fork and a write on top of whatever it left.
            Op[] after = [op, OpText.Parse("fork A E"), OpText.Parse("write A 5 77"), OpText.Parse("write E 11 78")];
            DesignCases.AssertRuns(entry, new Scenario([.. prefix, fail, op, .. after]));
        }
    }

    /// <summary>Not every call allocates, but if hardly one did the test above would test nothing.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void TheCallsDoAllocate(string design)
    {
        Catalogue.Entry entry = DesignCases.Named(design);
        Op[] prefix = [.. Scenario.Parse(Prefix).Ops];
        long total = Cases
            .Where(row => row.Data.Item2 == design)
            .Sum(row => CountAllocations(entry, prefix, OpText.Parse(row.Data.Item1)));
        Assert.True(total >= 90, $"only {total} allocations fail");
    }

    private static TheoryData<string, string> MakeCases(string[] steps)
    {
        TheoryData<string, string> cases = [];
        foreach (TheoryDataRow<string> design in DesignCases.All)
        {
            foreach (string step in steps)
            {
                cases.Add(step, design.Data);
            }
        }

        return cases;
    }

    private static long CountAllocations(Catalogue.Entry design, Op[] prefix, Op op)
    {
        EngineStage driver = new(design, new Scenario([]));
        foreach (Op each in prefix)
        {
            _ = driver.Do(each);
        }

        driver.Failure.Arm(0);
        _ = driver.Do(op);
        return driver.Failure.Asked;
    }
}
