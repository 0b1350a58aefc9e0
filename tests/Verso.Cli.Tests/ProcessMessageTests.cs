using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>What cannot be read of processes is said on one line, with status 2, by snapshot and by explain.</summary>
public sealed class ProcessMessageTests
{
    [Fact]
    public void AKernelThread()
    {
        RequireReader();
        int? found = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int pid) ? pid : 0)
            .Where(pid => pid > 0 && IsKernelThread(pid)).Cast<int?>().FirstOrDefault();
        Assert.SkipWhen(found is null, "no kernel thread is to be seen, as in a container");
        Check(found!.Value, "is a kernel thread: it has no address space of its own");
    }

    [Fact]
    public void AThread()
    {
        RequireReader();
        int thread = Directory.EnumerateDirectories("/proc/self/task")
            .Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
            .First(tid => tid != Environment.ProcessId);
        Check(thread, $"is a thread; its process is {Environment.ProcessId}");
    }

    [Fact]
    public void AZombie()
    {
        RequireReader();
        // It ends when its parent has become a program that waits for no child.
        using Process parent = Shell(
            "(while [ \"$(cat /proc/$$/comm)\" != sleep ]; do sleep 0.01; done) & echo $!; exec sleep 60");
        try
        {
            int zombie = int.Parse(parent.StandardOutput.ReadLine() ?? "", CultureInfo.InvariantCulture);
            while (!File.ReadAllText($"/proc/{zombie}/stat").Contains(") Z ", StringComparison.Ordinal))
            {
                Thread.Sleep(1);
            }

            Check(zombie, "has ended: its address space is gone");
        }
        finally
        {
            parent.Kill();
            parent.WaitForExit();
        }
    }

    [Fact]
    public void NoSuchProcess()
    {
        RequireReader();
        Check(int.MaxValue, "does not exist");
    }

    /// <summary>A namespace of its own, and the /proc of the old one: what it shows is not there.</summary>
    [Fact]
    public void AnotherPidNamespace()
    {
        RequireReader();
        Ran("unshare -p -f true", "", 0);
        Ran($"exec unshare -p -f {Verso()} snapshot --pid {Environment.ProcessId}", "is of another pid namespace", 2);
        Ran($"exec unshare -p -f --mount-proc {Verso()} snapshot --pid {Environment.ProcessId}", "does not exist", 2);
    }

    /// <summary>Neither its own process nor another's: the graph is the kernel's.</summary>
    [Fact]
    public void WithoutRoot()
    {
        RequireReader();
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to become somebody else");
        foreach (string what in new[] { $"snapshot --pid {Environment.ProcessId}", "snapshot --all" })
        {
            Ran($"exec setpriv --reuid 65534 --regid 65534 --clear-groups {Verso()} {what}", "CAP_BPF and CAP_PERFMON", 2);
        }
    }

    private static void Check(int pid, string message)
    {
        string number = pid.ToString(CultureInfo.InvariantCulture);
        CommandLine.Run("snapshot", "--pid", number).AssertTrouble(message);
        CommandLine.Run("explain", number).AssertTrouble(message);
    }

    private static bool IsKernelThread(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Length == 0 && File.ReadAllText($"/proc/{pid}/maps").Length == 0
                && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // A process of its own: namespaces and users cannot be changed for this one.
    private static void Ran(string command, string message, int status)
    {
        using Process process = Shell(command);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.SkipWhen(message.Length == 0 && process.ExitCode != 0, $"{command}: {error.Trim()}");
        if (message.Length > 0)
        {
            new Outcome(process.ExitCode, process.StandardOutput.ReadToEnd(), error).AssertTrouble(message, status);
        }
    }

    private static Process Shell(string command) => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string Verso() => Path.Combine(AppContext.BaseDirectory, "verso");

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
