using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;
using static Verso.Linux.Tests.PuppetStage;

namespace Verso.Linux.Tests;

// Forks, vforks, clones that share their mm, exec.
/// <remarks>
/// Strategy: trees grow and lose members at random, of a fixed seed; each that lives must still do what it is told.
/// </remarks>
public sealed class PuppetFamilyTests
{
    private static readonly ulong[] _imageAlone = [Puppet.ImageStart];

    [Fact]
    public void ForkedOneHasACopy() => Play(theatre =>
    {
        var parent = theatre.Start();
        parent.Map(Address, 4);
        parent.Store(Address, 1);
        AssertDone(0, parent.Store(Address + PageBytes, 2));
        var outcome = parent.Fork(out var child);
        Assert.NotNull(child);
        AssertDone(child.Pid, outcome);
        AssertDone(child.Pid, child.Call(SystemCallNumber.GetPid));
        Assert.Equal(Starts(parent), Starts(child));
        AssertDone(0, child.Store(Address, 9));
        AssertDone(1, parent.Load(Address));
        AssertDone(9, child.Load(Address));
        AssertDone(2, child.Load(Address + PageBytes));
        AssertDone(0, parent.Store(Address + PageBytes, 3));
        AssertDone(2, child.Load(Address + PageBytes));
        child.Call(SystemCallNumber.Munmap, Address, 4 * PageBytes);
        Assert.Equal(_imageAlone, Starts(child));
        Assert.Equal([Puppet.ImageStart, Address], Starts(parent));
    });

    [Fact]
    public void ForkOfAFreshOneHasOneVma() => Play(theatre =>
    {
        theatre.Start().Fork(out var child);
        Assert.Equal(_imageAlone, Starts(child!));
        child!.Fork(out var grandchild);
        Assert.Equal(_imageAlone, Starts(grandchild!));
    });

    [Fact]
    public void TreesOfForksLiveInAnyOrderOfDeaths() => Play(theatre =>
    {
        var random = new Random(4);
        for (var round = 0; round < 5; round++)
        {
            var alive = new List<(Puppet Puppet, byte Value)> { (theatre.Start(), 0) };
            alive[0].Puppet.Map(Address, 1);
            for (var step = 1; step <= 120; step++)
            {
                var at = random.Next(alive.Count);
                var (puppet, value) = alive[at];
                AssertDone(value, puppet.Load(Address));
                if (alive.Count > 1 && random.Next(3) == 0)
                {
                    Assert.Equal(PuppetOutcomeKind.Exited, puppet.Exit().Kind);
                    Assert.False(Directory.Exists($"/proc/{puppet.Pid}"));
                    alive.RemoveAt(at);
                    continue;
                }

                puppet.Fork(out var child);
                AssertDone(0, child!.Store(Address, (byte)step));
                alive.Add((child, (byte)step));
            }

            Assert.All(alive, pair => Assert.Equal(PuppetOutcomeKind.Exited, pair.Puppet.Exit().Kind));
        }
    });

    [Theory]
    [InlineData("exit")]
    [InlineData("exec")]
    [InlineData("killed")]
    public void VforkedOneHoldsItsParentUntilItIsGone(string way) => Play(theatre =>
    {
        var parent = theatre.Start();
        parent.Map(Address, 2);
        var outcome = parent.Vfork(out var child);
        Assert.NotNull(child);
        AssertDone(child.Pid, outcome);
        Assert.Equal(PuppetOutcomeKind.Blocked, parent.Load(Address).Kind);
        Assert.Equal(PuppetOutcomeKind.Blocked, parent.Fork(out _).Kind);
        AssertDone(0, child.Store(Address, 7));
        AssertDone(0, child.Call(SystemCallNumber.Munmap, Address + PageBytes, PageBytes));
        Assert.Equal(PuppetOutcomeKind.Blocked, parent.Call(SystemCallNumber.GetPid).Kind);
        switch (way)
        {
            case "exit":
                child.Exit();
                break;
            case "exec":
                AssertDone(0, child.Exec());
                Assert.Equal(_imageAlone, Starts(child));
                break;
            default:
                Signal(child.Pid, 9);
                AwaitDeath(child.Pid);
                break;
        }

        AssertDone(7, parent.Load(Address));
        Assert.Equal(1, Segments(parent.Load(Address + PageBytes)));
        AssertDone(parent.Pid, parent.Call(SystemCallNumber.GetPid));
        Assert.Equal(way == "exec", child.IsAlive);
    });

    [Fact]
    public void ParentMayEndBeforeItsVforkedChild() => Play(theatre =>
    {
        var parent = theatre.Start();
        parent.Map(Address, 1);
        parent.Vfork(out var child);
        Assert.Equal(PuppetOutcomeKind.Killed, parent.Exit().Kind);
        AssertDone(0, child!.Store(Address, 3));
        Assert.Equal(PuppetOutcomeKind.Exited, child.Exit().Kind);
    });

    [Fact]
    public void ClonesShareTheirMmUntilOneExecutes() => Play(theatre =>
    {
        var first = theatre.Start();
        first.CloneShared(out var second);
        Assert.NotNull(second);
        AssertDone((long)Address, first.Map(Address, 2));
        AssertDone(0, second.Store(Address, 5));
        AssertDone(5, first.Load(Address));
        AssertDone(0, second.Call(SystemCallNumber.Munmap, Address + PageBytes, PageBytes));
        Assert.Equal(1, Segments(first.Load(Address + PageBytes)));
        second.CloneShared(out var third);
        AssertDone(0, second.Exec());
        Assert.Equal(_imageAlone, Starts(second));
        AssertDone(5, third!.Load(Address));
        Assert.Equal(PuppetOutcomeKind.Exited, first.Exit().Kind);
        AssertDone(5, third.Load(Address));
        Assert.Equal([Puppet.ImageStart, Address], Starts(third));
    });

    [Fact]
    public void ExecLeavesNothingButTheImage() => Play(theatre =>
    {
        var puppet = theatre.Start();
        for (var i = 0; i < 3; i++)
        {
            puppet.Map(Address, 4);
            puppet.Store(Address, 1);
            puppet.Call(SystemCallNumber.Brk, Puppet.ImageEnd + PageBytes);
            var pid = puppet.Pid;
            AssertDone(0, puppet.Exec());
            Assert.Equal(pid, puppet.Pid);
            Assert.Equal(_imageAlone, Starts(puppet));
            AssertDone((long)Puppet.ImageEnd, puppet.Call(SystemCallNumber.Brk));
        }
    });

    [Fact]
    public void BreakStartsWhereItIsToldTo()
    {
        const ulong Start = 0x20000000;
        Play(new TheatreOptions { BreakStart = Start }, theatre =>
        {
            var puppet = theatre.Start();
            AssertBreak(puppet, Start);
            puppet.Fork(out var child);
            AssertDone((long)(Start + (3 * PageBytes)), child!.Call(SystemCallNumber.Brk));
            AssertDone(0, child.Exec());
            AssertBreak(child, Start);
            AssertDone(0, puppet.MoveBreak(Start + (64 * PageBytes)));
            AssertDone((long)(Start + (64 * PageBytes)), puppet.Call(SystemCallNumber.Brk));
        });
    }

    [Fact]
    public void FilesAreInheritedInOrderWhateverTheirNumbers()
    {
        var names = Enumerable.Range(0, 6).Select(i => $"{Path.GetTempPath()}/puppet-{Guid.NewGuid():n}-{i}").ToArray();
        var files = names.Select(name => File.Create(name, 1, FileOptions.DeleteOnClose)).ToArray();
        try
        {
            // Backwards: some are where others belong.
            var numbers = files.Select(file => (int)file.SafeFileHandle.DangerousGetHandle()).Reverse().ToArray();
            Play(new TheatreOptions { Files = numbers }, theatre =>
            {
                var puppet = theatre.Start();
                AssertDone(0, puppet.Exec());
                puppet.Fork(out var child);
                var links = Directory.GetFiles($"/proc/{child!.Pid}/fd")
                    .ToDictionary(link => int.Parse(Path.GetFileName(link), null), link => File.ResolveLinkTarget(link, false)!.Name);
                Assert.Equal([9, 10, 11, 12, 13, 14, 15], links.Keys.Order());
                Assert.Equal(
                    names.Reverse().Select(Path.GetFileName),
                    Enumerable.Range(TheatreOptions.FirstFile, 6).Select(i => links[i]));
            });
        }
        finally
        {
            Array.ForEach(files, file => file.Dispose());
        }
    }

    private static void AssertBreak(Puppet puppet, ulong start)
    {
        Assert.Equal(_imageAlone, Starts(puppet));
        AssertDone((long)start, puppet.Call(SystemCallNumber.Brk));
        AssertDone((long)(start + (3 * PageBytes)), puppet.Call(SystemCallNumber.Brk, start + (3 * PageBytes)));
        Assert.Equal([Puppet.ImageStart, start], Starts(puppet));
        Assert.EndsWith("[heap]", Maps(puppet)[1], StringComparison.Ordinal);
        AssertDone(0, puppet.Store(start, 1));
    }

    private static int Segments(PuppetOutcome outcome) => outcome is { Kind: PuppetOutcomeKind.Fault, Signal: 11 } ? 1 : 0;
}
