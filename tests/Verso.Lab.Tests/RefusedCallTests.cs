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
