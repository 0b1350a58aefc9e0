using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Tests;

/// <summary>
/// This program once more, as a tool with puppets that a test kills. Its puppets have a file of the test's open, which
/// tells them from all others.
/// </summary>
internal static partial class PuppetVictim
{
    private const string Variable = "VERSO_PUPPET_VICTIM";
    private const string Stand = "stand";
    private const string Wait = "wait";

    /// <summary>Starts a tool that has some puppets, writes a line, and crashes when it reads one.</summary>
    internal static Process StartStanding(string marker) => Run($"{Stand} {marker}", []);

    /// <summary>Starts a tool that writes a line and has a puppet make a call that never returns.</summary>
    internal static Process StartWaiting(string marker) => Run($"{Wait} {marker}", []);

    /// <summary>Starts a tool that opens and closes theatres without end, and writes a line for each.</summary>
    internal static Process StartBusy(string marker) => Run($"busy {marker}", []);

    /// <summary>
    /// Runs a tool that writes why it can have no puppets, or where the kernel maps something in one.
    /// </summary>
    internal static Process StartAsking(params string[] under) => Run("ask -", under);

    /// <summary>Processes that have the marker open as puppets do, and are not dead.</summary>
    internal static int[] Alive(string marker) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && IsMarked(pid, marker))];

    /// <summary>Runs a tool that was started with SIGCHLD ignored; it writes how a puppet of it ends.</summary>
    internal static Process StartDeaf() => Run("deaf -", []);

    private static bool IsMarked(int pid, string marker)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/fd/{TheatreOptions.FirstFile}", false)?.FullName == marker
                && File.ResolveLinkTarget($"/proc/{pid}/exe", false)?.FullName
                    .Contains("verso-puppet", StringComparison.Ordinal) == true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static Process Run(string role, string[] under)
    {
        string[] command = [.. under, Environment.ProcessPath!];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = role;
        return Process.Start(start)!;
    }

    // Before Main, which is the test runner's.
    [ModuleInitializer]
    internal static void PlayRole()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 2) is not [var role, var marker])
        {
            return;
        }

        if (role == "ask")
        {
            Console.WriteLine(PuppetTheatre.Unavailable() ?? Do(puppet =>
                puppet.Call(SystemCallNumber.Mmap, 0, 4096, 3, 0x22, ulong.MaxValue)));
            Environment.Exit(0);
        }

        if (role == "deaf")
        {
            const nint Ignore = 1;
            Disposition(17, Ignore);
            Console.WriteLine(Do(puppet => puppet.Exit()));
            Environment.Exit(0);
        }

        using var file = File.OpenHandle(marker);
        var options = new TheatreOptions
        {
            Files = [(int)file.DangerousGetHandle()],
            Patience = TimeSpan.FromMinutes(1),
        };
        while (true)
        {
            using var theatre = PuppetTheatre.Open(options);
            Play(theatre, role);
        }
    }

    // On this thread: another one would wait for the initializer that this is.
    private static string Do(Func<Puppet, PuppetOutcome> step)
    {
        using var theatre = PuppetTheatre.Open(new TheatreOptions());
        return step(theatre.Start()).ToString();
    }

    private static void Play(PuppetTheatre theatre, string role)
    {
        var puppet = theatre.Start();
        puppet.Fork(out var child);
        child!.Vfork(out var grandchild);
        grandchild!.CloneShared(out var clone);
        clone!.Exec();
        var pids = new[] { puppet, child, grandchild, clone }.Select(one => one.Pid);
        Console.WriteLine(string.Join(' ', pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture))));
        if (role == Stand)
        {
            Console.ReadLine();
            Environment.FailFast("as it was told to");
        }

        if (role == Wait)
        {
            puppet.Call(SystemCallNumber.Pause);
        }
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Disposition(int signal, nint handler);
}
