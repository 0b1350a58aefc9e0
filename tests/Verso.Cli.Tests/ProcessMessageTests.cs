using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>
/// What cannot be read of processes is said on one line, with status 2, by every command that reads them.
/// </summary>
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
        Ran("unshare -p -f --mount-proc true", "", 0);
        Ran($"exec unshare -p -f {Verso()} snapshot --pid {Environment.ProcessId}", "is in another pid namespace", 2);
        Ran($"exec unshare -p -f --mount-proc {Verso()} snapshot --pid {Environment.ProcessId}", "does not exist", 2);
    }

    /// <summary>As in a rootless container.</summary>
    [Theory]
    [InlineData("snapshot")]
    [InlineData("explain --rmap --all")]
    [InlineData("record -o FILE -- true")]
    public void RootOfAUserNamespace(string command)
    {
        RequireReader();
        Ran("unshare -U -r true", "", 0);
        Ran($"exec unshare -U -r {Verso()} {command}", "root of a user namespace", 2);
    }

    /// <summary>Without its types nothing can be read of the kernel; but /proc can, where that is enough.</summary>
    [Theory]
    [InlineData("snapshot")]
    [InlineData("snapshot --pid SELF -o FILE")]
    [InlineData("explain SELF --source kernel")]
    [InlineData("explain --rmap SELF")]
    [InlineData("explain --rmap --all -j")]
    [InlineData("record -o FILE -- true")]
    public void AKernelWithoutBtf(string command)
    {
        RequireMounts();
        string file = Path.Combine(Path.GetTempPath(), $"verso-no-btf-{Environment.ProcessId}");
        command = command.Replace("SELF", $"{Environment.ProcessId}", StringComparison.Ordinal);
        Ran(WithoutBtf(command.Replace("FILE", file, StringComparison.Ordinal)), "this kernel has no BTF (", 2);
        Assert.False(File.Exists(file));
    }

    /// <summary>Figures without a letter help nobody: as in a minimal container.</summary>
    [Fact]
    public void WithoutAFontNothingIsDrawn()
    {
        RequireMounts();
        string folder = Path.Combine(Path.GetTempPath(), $"verso-no-font-{Environment.ProcessId}");
        string example = CommandLine.Example("demo");
        Ran(
            $"exec unshare -m sh -c 'mkdir -p /usr/share/fonts; mount -t tmpfs none /usr/share/fonts && exec {Verso()} plot {example} -o {folder}'",
            "no font is installed",
            2);
        Assert.False(Directory.Exists(folder));
    }

    /// <summary>top counts VMAs where nothing more can be had, and says once why.</summary>
    [Theory]
    [InlineData("top --count 1")]
    [InlineData("top --pid SELF --count 1 --format prometheus")]
    public void TopCountsWithoutTheGraph(string command)
    {
        RequireMounts();
        command = command.Replace("SELF", $"{Environment.ProcessId}", StringComparison.Ordinal);
        AssertCounted(WithoutBtf(command), "this kernel has no BTF (");
    }

    [Fact]
    public void TopCountsInAUserNamespace()
    {
        Ran("unshare -U -r true", "", 0);
        AssertCounted($"exec unshare -U -r {Verso()} top --count 1", "root of a user namespace");
    }

    [Fact]
    public void AKernelWithoutBtfIsExplainedFromProc()
    {
        RequireMounts();
        using Sleeper sleeper = new();
        using Process process = Shell(WithoutBtf($"explain {sleeper.Id}"));
        string error = process.StandardError.ReadToEnd();
        Assert.StartsWith("verso explain: read from /proc, which does not show everything: this kernel has no BTF (", error);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
        Assert.StartsWith($"{sleeper.Id} sleep: ", process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static void Check(int pid, string message)
    {
        string number = pid.ToString(CultureInfo.InvariantCulture);
        CommandLine.Run("snapshot", "--pid", number).AssertTrouble(message);
        CommandLine.Run("explain", number).AssertTrouble(message);
        CommandLine.Run("explain", number, "--source", "proc").AssertTrouble(message);
        CommandLine.Run("explain", "--rmap", number).AssertTrouble(message);
        CommandLine.Run("top", "--pid", number).AssertTrouble(message);
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

    private static void AssertCounted(string command, string reason)
    {
        using Process process = Shell(command);
        string error = process.StandardError.ReadToEnd();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.StartsWith("verso top: ", error);
        Assert.Contains(reason, error);
        Assert.Equal(error.Length - 1, error.IndexOf('\n'));
        Assert.Contains("mas", output, StringComparison.OrdinalIgnoreCase);
    }

    private static Process Shell(string command) => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string WithoutBtf(string command) =>
        $"exec unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec {Verso()} {command}'";

    private static void RequireMounts()
    {
        RequireReader();
        Ran("unshare -m mount -t tmpfs none /sys/kernel/btf", "", 0);
    }

    private static string Verso() => CommandLine.Program;

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
