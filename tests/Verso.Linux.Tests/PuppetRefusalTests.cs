using System.Runtime.InteropServices;
using Verso.Linux.Puppets;

namespace Verso.Linux.Tests;

// Where something is refused a line says what, and nothing is left behind.
public sealed partial class PuppetRefusalTests
{
    private const int Refused = 1;
    private const uint Personality = 135;
    private const uint Ptrace = 101;
    private const uint MemoryFile = 319;

    [Theory]
    [InlineData(Ptrace, "ptrace is refused", "seccomp")]
    [InlineData(Personality, "personality(ADDR_NO_RANDOMIZE) is refused", "seccomp")]
    [InlineData(MemoryFile, "cannot create an executable memfd", "memfd_noexec")]
    public void FilteredCallIsNamed(uint number, string beginning, string part)
    {
        SkipUnlessX64();
        var (reason, children) = AskBehindFilter(number);
        Assert.StartsWith(beginning, reason, StringComparison.Ordinal);
        Assert.Contains(part, reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason);
        Assert.Equal(0, children);
    }

    [Fact]
    public void WithoutFilterThereAreSome()
    {
        SkipUnlessX64();
        var (reason, children) = AskBehindFilter(uint.MaxValue);
        Assert.Equal(PuppetTheatre.Unavailable() ?? "", reason);
        Assert.Equal(0, children);
    }

    [Fact]
    public async Task FollowedToolSaysSo()
    {
        SkipUnlessX64();
        if (!File.Exists("/usr/bin/strace"))
        {
            Assert.Skip("strace is not installed");
        }

        using var tool = PuppetVictim.StartAsking("/usr/bin/strace", "-f", "-o", "/dev/null");
        var reason = await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            "ptrace is refused (Operation not permitted): a debugger or strace follows this process and its children\n",
            reason);
    }

    [Theory]
    [InlineData("--stack=unlimited:")]
    [InlineData("--stack=1000000000:")]
    [InlineData("--stack=100000:")]
    public async Task LimitsOfTheToolMoveNothing(string limit)
    {
        if (PuppetTheatre.Unavailable() is { } reason)
        {
            Assert.Skip(reason);
        }

        if (!File.Exists("/usr/bin/prlimit"))
        {
            Assert.Skip("prlimit is not installed");
        }

        using var tool = PuppetVictim.StartAsking("/usr/bin/prlimit", limit);
        var answer = await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("0x7ffff7ffe000\n", answer);
    }

    [Fact]
    public void WrongFileOrProcessorIsNamed()
    {
        SkipUnlessX64();
        Assert.Equal(
            "descriptor 1000000 cannot be given to test processes (Bad file descriptor)",
            Refusal(new TheatreOptions { Files = [1_000_000] }));
        Assert.StartsWith(
            "cannot run on processor 8000", Refusal(new TheatreOptions { Processor = 8000 }), StringComparison.Ordinal);
        Assert.Equal("there is no processor -1", Refusal(new TheatreOptions { Processor = -1 }));
    }

    private static string Refusal(TheatreOptions options) => Assert.Throws<PuppetUnavailableException>(
        () => PuppetTheatre.OnOwnThread(options, theatre => theatre.Start().Pid)).Message;

    private static (string Reason, int Children) AskBehindFilter(uint number)
    {
        var answer = ("", -1);
        var thread = new Thread(() =>
        {
            Refuse(number);
            var reason = PuppetTheatre.Unavailable() ?? "";
            answer = (reason, File.ReadAllText("/proc/thread-self/children").Split(' ').Length - 1);
        });
        thread.Start();
        thread.Join();
        return answer;
    }

    // Of this thread, and of those it starts.
    private static unsafe void Refuse(uint number)
    {
        const int NoNewPrivileges = 38;
        const int Seccomp = 22;
        const nint Filter = 2;

        // Load the number; if it is the one skip nothing and return the error, else allow.
        var program = stackalloc ulong[]
        {
            Instruction(0x20, 0, 0, 0),
            Instruction(0x15, 0, 1, number),
            Instruction(0x06, 0, 0, 0x00050000 | Refused),
            Instruction(0x06, 0, 0, 0x7fff0000),
        };
        var filter = stackalloc nint[] { 4, (nint)program };
        Assert.Equal(0, Control(NoNewPrivileges, 1, 0, 0, 0));
        Assert.Equal(0, Control(Seccomp, Filter, (nint)filter, 0, 0));
    }

    private static ulong Instruction(ushort code, byte whenTrue, byte whenFalse, uint operand) =>
        code | ((ulong)whenTrue << 16) | ((ulong)whenFalse << 24) | ((ulong)operand << 32);

    private static void SkipUnlessX64()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Skip("puppets are made for x86-64 alone");
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint second, nint third, nint fourth, nint fifth);
}
