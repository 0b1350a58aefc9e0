using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;
using static Verso.Linux.Tests.PuppetStage;

namespace Verso.Linux.Tests;

// One puppet: what it has, calls, accesses.
public sealed class PuppetTests
{
    private const int Segment = 11;
    private const int Bus = 7;

    [Fact]
    public void FreshOneHasOneVmaWithoutAnonVma() => Play(theatre =>
    {
        var puppet = theatre.Start();
        Assert.Equal([Puppet.ImageStart], Starts(puppet));
        Assert.StartsWith("00010000-00016000 rwxs 00000000 ", Maps(puppet)[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Anonymous:", File.ReadAllLines($"/proc/{puppet.Pid}/smaps").Where(line =>
            line.StartsWith("Anonymous:", StringComparison.Ordinal) && !line.EndsWith(" 0 kB", StringComparison.Ordinal)));
    });

    [Fact]
    public void AddressesAreTheSameEveryTime() => Play(theatre =>
    {
        for (var i = 0; i < 3; i++)
        {
            var puppet = theatre.Start();
            var low = puppet.Call(SystemCallNumber.Mmap, 0, PageBytes, ReadWrite, 0x22, NoDescriptor);
            AssertDone(0x7ffff7ffe000, low);
            AssertDone((long)Puppet.ImageEnd, puppet.Call(SystemCallNumber.Brk));
            AssertDone((long)(Puppet.ImageEnd + 10), puppet.Call(SystemCallNumber.Brk, Puppet.ImageEnd + 10));
            Assert.Equal([Puppet.ImageStart, Puppet.ImageEnd, 0x7ffff7ffe000ul], Starts(puppet));
        }
    });

    [Fact]
    public void CallsReturnWhatTheKernelSays() => Play(theatre =>
    {
        var puppet = theatre.Start();
        AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
        AssertDone((long)Address, puppet.Map(Address, 4));
        Assert.Equal([Puppet.ImageStart, Address], Starts(puppet));
        var refused = puppet.Call(SystemCallNumber.Mprotect, Address + 1, PageBytes, 1);
        AssertDone(-22, refused);
        Assert.Equal(22, refused.Error);
        Assert.Equal(12, puppet.Call(SystemCallNumber.Mprotect, Address + (8 * PageBytes), PageBytes, 1).Error);
        Assert.Equal(38, puppet.Call(0x7fffffff).Error);
        AssertDone(0, puppet.Call(SystemCallNumber.Munmap, Address, 4 * PageBytes));
        Assert.Equal([Puppet.ImageStart], Starts(puppet));
    });

    [Fact]
    public void OneCallIsMadeManyTimes() => Play(theatre =>
    {
        var puppet = theatre.Start();
        AssertDone((long)Address, puppet.Map(Address, 7));
        AssertDone(0, puppet.CallEach(SystemCallNumber.Munmap, Address + PageBytes, 2 * PageBytes, 3, PageBytes, 0));
        Assert.Equal(
            [Puppet.ImageStart, Address, Address + (2 * PageBytes), Address + (4 * PageBytes), Address + (6 * PageBytes)],
            Starts(puppet));

        // The third meets a hole.
        AssertDone(-12, puppet.CallEach(SystemCallNumber.Mprotect, Address + (4 * PageBytes), PageBytes, 3, PageBytes, 1));
        AssertDone(0, puppet.CallEach(SystemCallNumber.Munmap, Address, PageBytes, 1, PageBytes, 0));
    });

    [Fact]
    public void AllSixArgumentsArrive() => Play(theatre =>
    {
        var puppet = theatre.Start();
        using var file = File.OpenHandle("/proc/self/exe");
        var opened = puppet.Open("/proc/self/exe", 0);
        Assert.True(opened is { Kind: PuppetOutcomeKind.Done, Result: >= 0 }, opened.ToString());
        AssertDone((long)Address, puppet.Call(
            SystemCallNumber.Mmap, Address, PageBytes, 1, 0x12, (ulong)opened.Result, 5 * PageBytes));
        Assert.Contains(Maps(puppet), line => line.StartsWith("10000000-10001000 r--p 00005000", StringComparison.Ordinal));
    });

    [Fact]
    public void AccessesAreMade() => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 2);
        AssertDone(0, puppet.Load(Address));
        AssertDone(0, puppet.Store(Address + 5, 0xa7));
        AssertDone(0xa7, puppet.Load(Address + 5));
        AssertDone(0, puppet.Load(Address + PageBytes));
        using var memory = File.OpenRead($"/proc/{puppet.Pid}/mem");
        memory.Position = (long)Address;
        var bytes = new byte[8];
        memory.ReadExactly(bytes);
        Assert.Equal([0, 0, 0, 0, 0, 0xa7, 0, 0], bytes);
    });

    [Fact]
    public void FaultsAreToldAndNotDelivered() => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 1, protection: 1);
        AssertFault(Segment, 1, Address - 1, puppet.Load(Address - 1));
        AssertFault(Segment, 2, Address, puppet.Store(Address, 1));
        AssertFault(Segment, 1, 0, puppet.Load(0));
        AssertFault(Segment, 128, 0, puppet.Load(0x8000_0000_0000));
        AssertFault(Segment, 1, 0xffff_8000_0000_0000, puppet.Store(0xffff_8000_0000_0000, 1));
        AssertDone(0, puppet.Load(Address));
        AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
    });

    [Fact]
    public void AccessBehindTheEndOfAFileIsABusError() => Play(theatre =>
    {
        var puppet = theatre.Start();
        "\0"u8.CopyTo(puppet.Operands);
        var descriptor = puppet.Call(SystemCallNumber.MemfdCreate, Puppet.OperandsAddress);
        AssertDone((long)Address, puppet.Call(
            SystemCallNumber.Mmap, Address, 2 * PageBytes, ReadWrite, 0x11, (ulong)descriptor.Result));
        AssertFault(Bus, 2, Address, puppet.Store(Address, 1));
        AssertDone(0, puppet.Call(SystemCallNumber.Ftruncate, (ulong)descriptor.Result, PageBytes));
        AssertDone(0, puppet.Store(Address, 1));
        AssertFault(Bus, 2, Address + PageBytes, puppet.Load(Address + PageBytes));
    });

    [Fact]
    public void ExecutionTellsWhatMayBeFetched() => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 1, protection: 7);
        puppet.Map(Address + PageBytes, 1, protection: 3);
        AssertDone(0, puppet.Execute(Address));
        foreach (byte instruction in new byte[] { 0xcc, 0x90, 0xf4, 0xc3, 0x0e, 0xf1 })
        {
            // int3, nop, hlt, ret, nothing, int1
            AssertDone(0, puppet.Store(Address + 100, instruction));
            AssertDone(0, puppet.Execute(Address + 100));
        }

        AssertFault(Segment, 2, Address + PageBytes, puppet.Execute(Address + PageBytes));
        AssertFault(Segment, 1, Address - PageBytes, puppet.Execute(Address - PageBytes));
        AssertFault(Segment, 128, 0, puppet.Execute(0x9000_0000_0000_0000));

        // The second byte of the last one is not there to fetch.
        AssertDone(0, puppet.Store(Address + PageBytes - 1, 0x0f));
        AssertFault(Segment, 2, Address + PageBytes, puppet.Execute(Address + PageBytes - 1));
        AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
    });

    // On x86 a fetch from an absent page of a VMA that may be read is served as a read first, and refused when it comes
    // again (access_error). PTRACE_SINGLESTEP would read the instruction even where nothing may be.
    [Fact]
    public void ExecutionMakesAPagePresentWhereTheKernelDoes() => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 1, protection: 3);
        puppet.Map(Address + PageBytes, 1, protection: 5);
        puppet.Map(Address + (2 * PageBytes), 1, protection: 0);
        AssertFault(Segment, 2, Address, puppet.Execute(Address));
        AssertDone(0, puppet.Execute(Address + PageBytes));
        AssertFault(Segment, 2, Address + (2 * PageBytes), puppet.Execute(Address + (2 * PageBytes)));
        var present = Enumerable.Range(0, 3).Select(i => IsPresent(puppet, Address + ((ulong)i * PageBytes)));
        Assert.Equal([true, true, false], present);
    });

    [Fact]
    public void StepsOfOnePuppetMakeNothingPresentInAnother() => Play(theatre =>
    {
        var first = theatre.Start();
        first.Map(Address, 2, protection: 3);
        first.Fork(out var second);
        first.Store(Address, 1);
        second!.Store(Address + PageBytes, 1);
        Assert.Equal([true, false], [IsPresent(first, Address), IsPresent(first, Address + PageBytes)]);
        Assert.Equal([false, true], [IsPresent(second, Address), IsPresent(second, Address + PageBytes)]);
    });

    private static bool IsPresent(Puppet puppet, ulong address)
    {
        using var map = File.OpenRead($"/proc/{puppet.Pid}/pagemap");
        map.Position = (long)(address / PageBytes * sizeof(ulong));
        var entry = new byte[sizeof(ulong)];
        map.ReadExactly(entry);
        return (entry[7] & 0x80) != 0;
    }
}
