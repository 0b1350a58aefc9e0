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
