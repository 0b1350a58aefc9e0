using System.Globalization;
using System.Runtime.InteropServices;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Tests;

/// <summary>What the tests of puppets have in common.</summary>
internal static partial class PuppetStage
{
    internal const ulong Address = 0x10000000;
    internal const ulong PageBytes = 4096;
    internal const ulong ReadWrite = 3;
    internal const ulong PrivateAnonymousFixed = 0x32;
    internal const ulong NoDescriptor = ulong.MaxValue;

    /// <summary>Runs a test with a theatre, or skips it with the reason.</summary>
    internal static void Play(Action<PuppetTheatre> test) => Play(new TheatreOptions(), test);

    internal static void Play(TheatreOptions options, Action<PuppetTheatre> test)
    {
        if (PuppetTheatre.Unavailable() is { } reason)
        {
            Assert.Skip(reason);
        }

        PuppetTheatre.OnOwnThread(options, theatre =>
        {
            test(theatre);
            return 0;
        });
    }

    internal static PuppetOutcome Map(this Puppet puppet, ulong address, ulong pages, ulong protection = ReadWrite) =>
        puppet.Call(
            SystemCallNumber.Mmap,
            address,
            pages * PageBytes,
            protection,
            PrivateAnonymousFixed,
            NoDescriptor);

    internal static string[] Maps(Puppet puppet) => File.ReadAllLines($"/proc/{puppet.Pid}/maps");

    /// <summary>The start of each VMA.</summary>
    internal static ulong[] Starts(Puppet puppet) =>
        [.. Maps(puppet).Where(line => !line.EndsWith("[vsyscall]", StringComparison.Ordinal)).Select(Start)];

    internal static void AssertDone(long result, PuppetOutcome outcome) =>
        Assert.Equal(new PuppetOutcome(PuppetOutcomeKind.Done, result, 0, 0, 0), outcome);

    internal static void AssertFault(int signal, int code, ulong address, PuppetOutcome outcome) =>
        Assert.Equal(new PuppetOutcome(PuppetOutcomeKind.Fault, 0, signal, code, address), outcome);

    internal static void Signal(int pid, int signal) => Assert.Equal(0, Kill(pid, signal));

    /// <summary>Waits until a killed process is a zombie or gone.</summary>
    internal static void AwaitDeath(int pid)
    {
        while (File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal))
        {
            Thread.Sleep(1);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    private static ulong Start(string line) =>
        ulong.Parse(line.AsSpan(0, line.IndexOf('-', StringComparison.Ordinal)), NumberStyles.HexNumber, null);
}
