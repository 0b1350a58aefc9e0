using Verso.Engine.Calls;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests;

/// <summary>What rows say of calls is what calls do.</summary>
public sealed class CallTableTests
{
    private const ulong Base = 0x1000_0000;

    public static TheoryData<CallKind> Kinds() => [.. Enum.GetValues<CallKind>().Where(kind => kind != CallKind.None)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKindHasARow(CallKind kind) => Assert.Equal(kind, CallTable.Of(kind).Kind);

    [Fact]
    public void NoNumberStandsForTwoCalls()
    {
        SystemCall[] calls = [.. CallTable.Rows.SelectMany(row => row.SystemCalls), .. CallTable.ProcessCalls];
        Assert.Empty(Doubles(calls.SelectMany(call => call.Numbers)));
        Assert.Empty(Doubles(calls.SelectMany(call => call.CompatNumbers)));
        Assert.Empty(Doubles(calls.Select(call => call.Name)));
    }

    [Theory]
    [InlineData(15, "fresh", 505, 505, null, "kind 15 is none of a call; free are 36, 37, 38, ")]
    [InlineData(48, "fresh", 505, 505, null, "kind 48 is none of a call; free are 36, 37, 38, ")]
    [InlineData(16, "fresh", 505, 505, null, "kind 16 is that of 'mmap'; free are 36, 37, 38, ")]
    [InlineData(36, "mlock", 505, 505, null, "name 'mlock' is taken by 'mlock2'; choose another")]
    [InlineData(36, "clone3", 505, 505, null, "name 'clone3' is taken by 'clone3'; choose another")]
    [InlineData(36, "fresh", 9, 505, null, "number 9 of x86-64 is taken by 'mmap'; choose another")]
    [InlineData(36, "fresh", 59, 505, null, "number 59 of x86-64 is taken by 'exec'; choose another")]
    [InlineData(36, "fresh", 505, 90, null, "number 90 of i386 is taken by 'mmap'; choose another")]
    [InlineData(36, "fresh", 505, 505, "seal", "verb 'seal' is taken by 'mseal'; choose another")]
    public void WhatIsTakenIsNamedAndNothingIsAdded(byte kind, string name, int number, int compat, string? verb, string reason)
    {
        CallRow[] before = [.. CallTable.Rows];
        CallRow row = new((CallKind)kind, [], (_, _, in _) => null)
        {
            SystemCalls = [new SystemCall("fresher", [504], [504]), new SystemCall(name, [number], [compat])],
            Verb = verb,
        };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => CallTable.Add(row));
        Assert.StartsWith($"call 'fresher' cannot be added: {reason}", refused.Message);
        Assert.Equal(before, CallTable.Rows);
        Assert.False(CallTable.TryFind("fresher", out _, out _));
    }

    [Fact]
    public void ANameThatACallHasTwiceIsNamed()
    {
        CallRow row = new((CallKind)36, [], (_, _, in _) => null)
        {
            SystemCalls = [new SystemCall("fresh", [504], [504]), new SystemCall("fresh", [505], [505])],
        };
        Assert.Contains(
            "name 'fresh' is taken by 'fresh'", Assert.Throws<ArgumentException>(() => CallTable.Add(row)).Message);
    }

    /// <summary>The lock that a row names is the one that the operation takes first.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void ARowNamesTheLockThatIsTaken(CallKind kind)
    {
        Machine machine = Catalogue.Find("anon-vma-chain")!.Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out MmId mm).Errno);
        _ = machine.Apply(mm, new Call(CallKind.Mmap)
        {
            Arg0 = Base,
            Arg1 = 4 * Page.Size,
            Arg2 = (ulong)(Protection.Read | Protection.Write),
            Arg3 = (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed),
        });
        Call call = Harmless(machine, kind);
        if (kind == CallKind.Shmdt)
        {
            call = call with { Arg0 = machine.Apply(mm, Harmless(machine, CallKind.Shmat)).Value };
        }

        LockAudit audit = LockAudit.Of(machine);
        long[] before = [.. machine.World.Locks.Taken];
        bool isDone = machine.TryApply(mm, call, out _);
        Assert.True(isDone);
        long Taken(CountedLock which) => machine.World.Locks.Taken[(int)which] - before[(int)which];
        (long Write, long Read) taken = (Taken(CountedLock.MmapWrite), Taken(CountedLock.MmapRead));
        switch (CallTable.Of(kind).Lock)
        {
            case MmapLock.None:
                Assert.Equal(0, taken.Write);
                break;
            case MmapLock.Read:
                Assert.True(taken is { Write: 0, Read: > 0 }, $"{taken}");
                break;
            case MmapLock.Write:
                Assert.True(taken.Write > 0, $"{taken}");
                break;
            default:
                Assert.True(taken.Write + taken.Read > 0, $"{taken}");
                break;
        }

        Assert.Null(audit.Check());
        Assert.All(audit.Owners.Keys.Where(id => id.Class == LockClass.Mmap), id => Assert.Equal(LockId.Of(mm), id));
        machine.ReleaseMm(mm);
    }

    private static Call Harmless(Machine machine, CallKind kind)
    {
        Call call = new(kind) { Arg0 = Base, Arg1 = Page.Size };
        return kind switch
        {
            CallKind.Mmap => call with { Arg2 = 1, Arg3 = (ulong)(MapFlags.Private | MapFlags.Anonymous) },
            CallKind.Mprotect => call with { Arg2 = 1, Arg3 = ulong.MaxValue },
            CallKind.Mremap => call with { Arg2 = Page.Size },
            CallKind.Mlockall => call with { Arg0 = (ulong)LockAll.Future },
            CallKind.Shmat => call with { Arg1 = 0, File = machine.OpenFile(FileKind.SharedMemory, 1, 1, Page.Size) },
            CallKind.Prctl => call with { Arg0 = (ulong)MemoryControl.SetMemoryMerge, Arg1 = 1 },
            CallKind.PkeyAlloc => call with { Arg0 = 0, Arg1 = 0 },
            CallKind.PkeyFree => call with { Arg0 = 1 },
            CallKind.UserfaultRegister =>
                call with { Arg2 = 1, Arg3 = (ulong)machine.World.Userfaults.Open(UserfaultFeatures.Sigbus) },
            CallKind.RemapFilePages => call with { Arg2 = 0 },
            CallKind.ArchPrctl => call with { Arg0 = CallTable.MapVdso64, Arg1 = Base << 1 },
            _ => call,
        };
    }

    private static IEnumerable<T> Doubles<T>(IEnumerable<T> values) =>
        values.GroupBy(value => value).Where(group => group.Count() > 1).Select(group => group.Key);
}
