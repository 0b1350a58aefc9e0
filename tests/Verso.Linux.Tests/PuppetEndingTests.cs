using System.Diagnostics;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;
using static Verso.Linux.Tests.PuppetStage;

namespace Verso.Linux.Tests;

// What goes wrong, and what must not be left behind.
/// <remarks>
/// Strategy: puppets that fork are killed from another thread after random spins, so that they are met at every point
/// of a fork. The seed is fixed, the moments are the machine's.
/// </remarks>
public sealed class PuppetEndingTests
{
    private const long Poll = 7;
    private const long Pipe = 22;
    private const long Nanosleep = 35;
    private const long Futex = 202;
    private const long Ioctl = 16;

    private static readonly TheatreOptions _hasty = new() { Patience = TimeSpan.FromMilliseconds(20) };

    [Theory]
    [InlineData(SystemCallNumber.Pause)]
    [InlineData(SystemCallNumber.Read)]
    [InlineData(Nanosleep)]
    [InlineData(Poll)]
    [InlineData(Futex)]
    [InlineData(SystemCallNumber.Wait4)]
    public void CallThatSleepsIsBlocked(long number) => Play(_hasty, theatre =>
    {
        var puppet = theatre.Start();
        AssertDone(0, puppet.Call(Pipe, Puppet.OperandsAddress));
        var input = BitConverter.ToUInt32(puppet.Operands);
        puppet.Operands[..64].Clear();
        puppet.Operands[0] = 100; // nanosleep: seconds
        var outcome = number switch
        {
            SystemCallNumber.Read => puppet.Call(number, input, Puppet.OperandsAddress, 1),
            Nanosleep => puppet.Call(number, Puppet.OperandsAddress, Puppet.OperandsAddress + 32),
            Poll => puppet.Call(number, 0, 0, 100_000),
            Futex => puppet.Call(number, Puppet.OperandsAddress + 32, 0, 0, 0),
            _ => puppet.Call(number, ulong.MaxValue),
        };
        if (number == SystemCallNumber.Wait4)
        {
            // It has no children to wait for, not even those it has forked.
            Assert.Equal(10, outcome.Error);
        }
        else
        {
            Assert.Equal(PuppetOutcomeKind.Blocked, outcome.Kind);
        }

        AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
        puppet.Fork(out var child);
        AssertDone(child!.Pid, child.Call(SystemCallNumber.GetPid));
    });

    [Fact]
    public void AccessThatSleepsIsBlocked() => Play(_hasty, theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 1, protection: 7);
        var descriptor = puppet.Call(SystemCallNumber.Userfaultfd, 0x80001);
        if (descriptor.Error != 0)
        {
            Assert.Skip($"userfaultfd is refused: {descriptor}");
        }

        // UFFDIO_API, then UFFDIO_REGISTER of missing pages; nobody answers.
        puppet.Operands[..64].Clear();
        puppet.Operands[0] = 0xaa;
        AssertDone(0, puppet.Call(Ioctl, (ulong)descriptor.Result, 0xc018aa3f, Puppet.OperandsAddress));
        puppet.Operands[..64].Clear();
        BitConverter.TryWriteBytes(puppet.Operands, Address);
        BitConverter.TryWriteBytes(puppet.Operands[8..], PageBytes);
        puppet.Operands[16] = 1;
        AssertDone(0, puppet.Call(Ioctl, (ulong)descriptor.Result, 0xc020aa00, Puppet.OperandsAddress));
        Assert.Equal(PuppetOutcomeKind.Blocked, puppet.Load(Address).Kind);
        Assert.Equal(PuppetOutcomeKind.Blocked, puppet.Store(Address, 1).Kind);
        Assert.Equal(PuppetOutcomeKind.Blocked, puppet.Execute(Address).Kind);
        AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
        AssertDone(0, puppet.Call(SystemCallNumber.Close, (ulong)descriptor.Result));
        AssertDone(0, puppet.Load(Address));
    });

    [Fact]
    public void LongCallIsNotInterrupted() => Play(_hasty, theatre =>
    {
        // A signal would end such a read early. More each time, until one takes far longer than the patience.
        var puppet = theatre.Start();
        var random = puppet.Open("/dev/urandom", 0);
        Assert.Equal(0, random.Error);
        var watch = new Stopwatch();
        for (ulong pages = 2000; watch.Elapsed < 8 * _hasty.Patience && pages < 200_000; pages *= 2)
        {
            puppet.Map(Address, pages);
            watch.Restart();
            var bytes = pages * PageBytes;
            AssertDone((long)bytes, puppet.Call(SystemCallNumber.Read, (ulong)random.Result, Address, bytes));
            watch.Stop();
            AssertDone(0, puppet.Call(SystemCallNumber.Munmap, Address, bytes));
        }

        Assert.True(watch.Elapsed > 3 * _hasty.Patience, $"{watch.Elapsed}");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(15)]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(34)]
    public void SignalsFromOutsideChangeNothing(int signal) => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 1, protection: 7);
        for (var i = 0; i < 20; i++)
        {
            Signal(puppet.Pid, signal);
            AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
            Signal(puppet.Pid, signal);
            AssertDone(0, puppet.Store(Address, 1));
            Signal(puppet.Pid, signal);
            AssertFault(11, 1, 0, puppet.Load(0));
            Signal(puppet.Pid, signal);
            puppet.Fork(out var child);
            Signal(child!.Pid, signal);
            AssertDone(1, child.Load(Address));
            Signal(child.Pid, signal);
            AssertDone(0, child.Exec());
            Signal(child.Pid, signal);
            Assert.Equal(PuppetOutcomeKind.Exited, child.Exit().Kind);
        }
    });

    [Fact]
    public void KilledOneSaysSo() => Play(theatre =>
    {
        var puppet = theatre.Start();
        Assert.True(puppet.IsAlive);
        Signal(puppet.Pid, 9);
        var killed = new PuppetOutcome(PuppetOutcomeKind.Killed, 0, 9, 0, 0);
        Assert.Equal(killed, puppet.Call(SystemCallNumber.GetPid));
        Assert.False(puppet.IsAlive);
        Assert.Equal(killed, puppet.Load(Address));
        Assert.Equal(killed, puppet.Fork(out var child));
        Assert.Null(child);
        Assert.Equal(killed, puppet.Exec());
        Assert.Equal(killed, puppet.Exit());
        Assert.False(Directory.Exists($"/proc/{puppet.Pid}"));
        var suicide = theatre.Start();
        Assert.Equal(killed, suicide.Call(SystemCallNumber.Kill, (ulong)suicide.Pid, 9));
        Assert.True(theatre.Start().IsAlive);
    });

    [Fact]
    public void OneThatUnmapsItsImageIsNoUseButEnds() => Play(theatre =>
    {
        var puppet = theatre.Start();
        var outcome = puppet.Call(SystemCallNumber.Munmap, Puppet.ImageStart, Puppet.ImageEnd - Puppet.ImageStart);
        Assert.Equal(PuppetOutcomeKind.Fault, outcome.Kind);
        Assert.Equal(PuppetOutcomeKind.Fault, puppet.Call(SystemCallNumber.GetPid).Kind);
        Assert.Equal(PuppetOutcomeKind.Killed, puppet.Exit().Kind);
        Assert.False(Directory.Exists($"/proc/{puppet.Pid}"));
    });

    [Fact]
    public void AllOfThemMayBeKilledAndOthersStart() => Play(theatre =>
    {
        for (var round = 0; round < 3; round++)
        {
            var puppets = Enumerable.Range(0, 5).Select(_ => theatre.Start()).ToArray();
            Array.ForEach(Children(), pid => Signal(pid, 9));
            Assert.All(puppets, puppet => Assert.Equal(PuppetOutcomeKind.Killed, puppet.Load(Address).Kind));
            Assert.Equal([Puppet.ImageStart], Starts(theatre.Start()));
        }
    });

    // A process that is killed as it forks may have a child that its tracer is never told of.
    [Fact]
    public void KilledWhileForkingTheyLeaveNoStrangers() => Play(theatre =>
    {
        var victim = 0;
        var over = false;
        var killer = new Thread(() =>
        {
            var random = new Random(3);
            while (!Volatile.Read(ref over))
            {
                Thread.SpinWait(random.Next(3000));
                if (Interlocked.Exchange(ref victim, 0) is > 0 and var pid)
                {
                    Signal(pid, 9);
                }
            }
        });
        killer.Start();
        var deaths = 0;
        for (var round = 0; round < 20_000 && deaths < 500; round++)
        {
            var puppet = theatre.Start();
            Volatile.Write(ref victim, puppet.Pid);
            for (var i = 0; i < 20; i++)
            {
                var outcome = puppet.Fork(out var child);
                child?.Kill();
                if (outcome.Kind == PuppetOutcomeKind.Killed)
                {
                    deaths++;
                    break;
                }
            }

            Volatile.Write(ref victim, 0);
            puppet.Kill();
        }

        Volatile.Write(ref over, true);
        killer.Join();
        Assert.True(deaths > 50, $"{deaths}");
        Assert.Single(Children());
    });

    [Fact]
    public void ManyForksLeaveNothingBehind() => Play(theatre =>
    {
        var puppet = theatre.Start();
        puppet.Map(Address, 16);
        var before = (Files: Count("/proc/self/fd"), Children().Length);
        for (var i = 0; i < 2000; i++)
        {
            puppet.Store(Address + ((ulong)(i % 16) * PageBytes), 1);
            puppet.Fork(out var child);
            child!.Store(Address, 2);
            child.Exit();
        }

        // Other tests come and go in this process: what these forks leave would be thousands.
        Assert.InRange(Count("/proc/self/fd"), 0, before.Files + 500);
        Assert.Equal(before.Length, Children().Length);
    });

    [Fact]
    public void ClosedTheatreLeavesNoChild()
    {
        var pids = new List<int>();
        Play(theatre =>
        {
            for (var i = 0; i < 20; i++)
            {
                var puppet = theatre.Start();
                puppet.Vfork(out var child);
                pids.AddRange([puppet.Pid, child!.Pid]);
            }

            pids.AddRange(Children());
        });
        Assert.True(pids.Count > 40);
        Assert.All(pids, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    public void WorkBesideAProcessOfDotnet() => Play(theatre =>
    {
        // The handler of SIGCHLD that comes with the first Process must neither take stops nor be told of them.
        for (var i = 0; i < 5; i++)
        {
            using var process = Process.Start("true");
            var puppet = theatre.Start();
            for (var step = 0; step < 200; step++)
            {
                AssertDone(puppet.Pid, puppet.Call(SystemCallNumber.GetPid));
            }

            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            Assert.Equal(PuppetOutcomeKind.Exited, puppet.Exit().Kind);
        }
    });

    [Fact]
    public async Task TheatresOfSeveralThreadsDoNotDisturbEachOther()
    {
        var threads = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () => Play(theatre =>
            {
                var puppet = theatre.Start();
                puppet.Map(Address, 1);
                for (var i = 0; i < 300; i++)
                {
                    puppet.Fork(out var child);
                    AssertDone(0, child!.Store(Address, (byte)i));
                    AssertDone(0, puppet.Load(Address));
                    AssertDone((byte)i, child.Load(Address));
                    child.Exit();
                }
            }),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));
        await Task.WhenAll(threads);
    }

    private static int[] Children() =>
        [.. File.ReadAllText("/proc/thread-self/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, null))];

    private static int Count(string directory) => Directory.GetFileSystemEntries(directory).Length;
}
