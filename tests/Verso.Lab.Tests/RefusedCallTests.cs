using Verso.Engine;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Calls that the kernel refused for limits: the replay knows no limits, and must not carry them out. It has what a
/// refused call leaves behind, and counts it by its error.
/// </summary>
public sealed class RefusedCallTests
{
    private static MmLimits Data => MmLimits.Unlimited with { DataBytes = 3 * Page.Size };

    [Fact]
    public void LockingOverTheLimitLocksNothing() => Check(
        Errno.ENOMEM, 1, MmLimits.Unlimited with { MemlockBytes = 2 * Page.Size }, machine => machine.Lock(0, 4));

    /// <summary>mlock over a hole: what comes before it is locked, and the engine knows why it was refused.</summary>
    [Fact]
    public void LockingOverAHoleLocksWhatComesBefore()
    {
        RecordedMachine machine = new("6.18.44");
        machine.Map(0, 4);
        machine.Map(6, 4);
        machine.Lock(2, 6);
        machine.Checkpoint();
        ReplayResult result = machine.Replay();
        Assert.Empty(result.Calls.Refused);
        Assert.Equal((0L, true), (result.Calls.MismatchCount, result.Fidelity.IsFull));
        Assert.Equal(2UL, machine.Machine.Capture(machine.Mm).LockedPages);
    }

    [Fact]
    public void LockingWithoutAnyAllowanceLocksNothing() =>
        Check(Errno.EPERM, 1, MmLimits.Unlimited with { MemlockBytes = 0 }, machine => machine.Lock(0, 4));

    [Fact]
    public void CommittingOverTheLimitProtectsNothing() =>
        Check(Errno.ENOMEM, 1, Data, machine => machine.Protect(8, 4, Protection.Read | Protection.Write));

    /// <summary>mprotect of several VMAs: those before the one that is refused have changed.</summary>
    [Fact]
    public void OfSeveralTheFirstIsProtected() => Check(
        Errno.ENOMEM, 1, MmLimits.Unlimited with { DataBytes = 5 * Page.Size },
        machine => machine.Protect(2, 8, Protection.Read | Protection.Write | Protection.Exec));

    /// <summary>MAP_FIXED over a reservation: what is there stays, split at the ends of the range.</summary>
    [Fact]
    public void MappingOverThereLeavesItSplit()
    {
        RecordedMachine machine = Check(Errno.ENOMEM, 1, Data, each => each.Map(9, 2));
        Assert.Equal(5, machine.Machine.Capture(machine.Mm).Vmas.Count);
    }

    [Fact]
    public void MappingOverThereUnderAnAddressSpaceLimitLeavesItSplit() => Check(
        Errno.ENOMEM, 1, MmLimits.Unlimited with { AddressSpaceBytes = 8 * Page.Size }, machine => machine.Map(9, 9));

    /// <summary>Errors for which the engine has no reason and no place: nothing changes.</summary>
    [Theory]
    [InlineData(TraceEventKind.Mprotect, Errno.EACCES, 1ul)]
    [InlineData(TraceEventKind.Mprotect, Errno.EPERM, 1ul)]
    [InlineData(TraceEventKind.Mprotect, Errno.EINVAL, 1ul)]
    [InlineData(TraceEventKind.Madvise, Errno.EINVAL, (ulong)Advice.DontFork)]
    [InlineData(TraceEventKind.Madvise, Errno.EAGAIN, (ulong)Advice.DontFork)]
    [InlineData(TraceEventKind.Madvise, Errno.ENOMEM, (ulong)Advice.DontFork)]
    [InlineData(TraceEventKind.Mremap, Errno.ENOMEM, 4 * Page.Size)]
    [InlineData(TraceEventKind.Mremap, Errno.EAGAIN, 4 * Page.Size)]
    [InlineData(TraceEventKind.Mremap, Errno.EFAULT, 4 * Page.Size)]
    [InlineData(TraceEventKind.Mremap, Errno.EINVAL, Page.Size)]
    [InlineData(TraceEventKind.Mlock, Errno.EINTR, 0ul)]
    [InlineData(TraceEventKind.Munlock, Errno.EINTR, 0ul)]
    [InlineData(TraceEventKind.Munmap, Errno.EINTR, 0ul)]
    [InlineData(TraceEventKind.Mbind, Errno.EINVAL, 1ul)]
    [InlineData(TraceEventKind.Mbind, Errno.EPERM, 1ul)]
    public void NothingIsDone(TraceEventKind kind, Errno errno, ulong argument)
    {
        ulong last = kind == TraceEventKind.Mremap ? (ulong)RemapFlags.MayMove : ulong.MaxValue;
        Check(
            errno, 1, MmLimits.Unlimited,
            machine => machine.Refused(kind, errno, RecordedMachine.Address, 2 * Page.Size, argument, last));
    }

    /// <summary>
    /// The same of every kind of call that there is, whatever error: what the engine would do is not done. Only brk returns
    /// no error. mlock's EAGAIN is left out: the pages could not be had, and the VMAs are locked.
    /// </summary>
    [Fact]
    public void OfNoKindOfCallIsARefusalASuccess()
    {
        TraceEventKind[] kinds = [.. Enum.GetValues<TraceEventKind>().Where(kind =>
            new TraceEvent { Kind = kind }.IsCall && kind is not (TraceEventKind.Brk or TraceEventKind.DriverMapping
                or TraceEventKind.UserfaultRelease or TraceEventKind.UserfaultFork))];
        Errno[] errors = [Errno.EPERM, Errno.EINTR, Errno.ENOMEM, Errno.EAGAIN, Errno.EACCES, Errno.EFAULT, Errno.EINVAL, Errno.EBUSY];
        List<string> wrong = [];
        foreach ((TraceEventKind kind, Errno errno) in kinds
            .SelectMany(kind => errors.Select(errno => (kind, errno))).Except([(TraceEventKind.Mlock, Errno.EAGAIN)]))
        {
            RecordedMachine machine = Small();
            machine.Refused(kind, errno, ArgumentsOf(kind));
            machine.Map(20, 1);
            machine.Checkpoint();
            ReplayResult result = machine.Replay();
            bool isWhole = result.Fidelity.IsFull && result.Calls.MismatchCount == 0 && result.Calls.NotModelled == 0;
            wrong.AddRange(isWhole ? [] : [$"{kind} {errno}: {result.Calls.MismatchCount}, {result.Fidelity.IsFull}"]);
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    /// <summary>Arguments with which the engine would do the call, if it were asked to.</summary>
    private static ulong[] ArgumentsOf(TraceEventKind kind) => kind switch
    {
        TraceEventKind.Mmap => [RecordedMachine.Address + (20 * Page.Size), Page.Size, 3, 0x32],
        TraceEventKind.Mremap => [RecordedMachine.Address, Page.Size, Page.Size, 3, RecordedMachine.Address + (30 * Page.Size)],
        TraceEventKind.Mlockall => [1],
        TraceEventKind.Mseal => [RecordedMachine.Address, Page.Size],
        TraceEventKind.Mlock or TraceEventKind.Munlock => [RecordedMachine.Address + Page.Size, Page.Size, 0],
        TraceEventKind.Madvise => [RecordedMachine.Address, Page.Size, (ulong)Advice.DontFork],
        TraceEventKind.PkeyAlloc => [0, 0],
        TraceEventKind.PkeyFree => [1],
        TraceEventKind.UserfaultRegister => [RecordedMachine.Address, Page.Size, 1, 1],
        TraceEventKind.UserfaultUnregister => [RecordedMachine.Address, Page.Size, 1],
        TraceEventKind.UserfaultFill => [RecordedMachine.Address, Page.Size, 3, 0, 1],
        TraceEventKind.RemapFilePages => [RecordedMachine.Address, Page.Size, 0, 2],
        TraceEventKind.StackLimit => [16 << 20],
        TraceEventKind.Personality => [0x0400000],
        TraceEventKind.Prctl => [67, 1],
        _ => [RecordedMachine.Address, Page.Size, 1, ulong.MaxValue],
    };

    private static RecordedMachine Small()
    {
        RecordedMachine machine = new("6.18.44");
        machine.Map(0, 4);
        machine.Write(1);
        machine.Lock(2, 1);
        machine.Record(TraceEventKind.PkeyAlloc, 1, 0, 0);
        return machine;
    }

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EACCES)]
    public void AMappingThatWasRefusedIsNotMade(Errno errno) => Check(
        errno, 1, MmLimits.Unlimited, machine => machine.Refused(
            TraceEventKind.Mmap, errno, RecordedMachine.Address + (20 * Page.Size), Page.Size, 3,
            (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed)));

    /// <summary>A recorded success that the engine refuses is a difference.</summary>
    [Fact]
    public void TheOtherWayRoundIsADifference()
    {
        RecordedMachine machine = new("6.18.44");
        machine.Record(TraceEventKind.Mprotect, 0, RecordedMachine.Address, Page.Size, 1, ulong.MaxValue);
        Assert.Equal(1, machine.Replay().Calls.MismatchCount);
    }

    private static RecordedMachine Check(Errno errno, long count, MmLimits limits, Action<RecordedMachine> refused)
    {
        RecordedMachine machine = new("6.18.44");
        machine.Map(0, 4);
        machine.Write(1);
        machine.Map(8, 4, Protection.Read);
        machine.Map(4, 4, Protection.Read | Protection.Exec);
        machine.Machine.SetLimits(machine.Mm, limits);
        refused(machine);
        machine.Checkpoint();
        ReplayResult result = machine.Replay();
        Assert.Equal((errno, count), result.Calls.Refused.Select(each => (each.Key, each.Value)).Single());
        Assert.Equal((0L, true), (result.Calls.MismatchCount, result.Fidelity.IsFull));
        return machine;
    }
}
