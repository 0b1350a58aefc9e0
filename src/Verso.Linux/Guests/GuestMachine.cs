using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Verso.Linux.Guests;

/// <summary>What a guest is to do.</summary>
public sealed record GuestRequest
{
    /// <summary>A vmlinuz file or a Debian package of a kernel, of x86-64.</summary>
    public required string Image { get; init; }

    /// <summary>
    /// What of this program's directory is run where it needs a runtime: verso, or a test program that boots itself.
    /// </summary>
    public string Program { get; init; } = "verso.dll";

    /// <summary>Shared libraries that it loads by name, which no file of it says; verso's own are known.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];

    /// <summary>The words after it.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The files there are in its current directory.</summary>
    public required IReadOnlyDictionary<string, byte[]> Files { get; init; }

    /// <summary>After which it is ended.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// Another kernel, emulated by QEMU, that runs this program once. Nothing is left behind: kernel, archive and output
/// are in a directory that is deleted as soon as the kernel speaks, and QEMU ends with the thread that waits for it.
/// </summary>
/// <remarks>
/// Serial lines: the first is the console, with the kernel's messages and the command's standard error, which is thus
/// a terminal and shows progress; the second carries the command's standard output (<see cref="GuestInit"/>).
/// </remarks>
public sealed class GuestMachine
{
    private const string Emulator = "qemu-system-x86_64";

    /// <summary>Of util-linux. It asks for a signal when its parent ends, and becomes the program it names.</summary>
    private const string Wrapper = "setpriv";
    private const int PollMilliseconds = 100;

    /// <summary>What the wrapper returns if there is no such program, as a shell does.</summary>
    private const int CannotRun = 127;

    /// <summary>
    /// As the reference machine is where the engine asks: no huge pages but by madvise. Nehalem is the oldest processor
    /// that .NET runs on, and the cheapest to emulate. Its cmpxchg16b is kept from the kernel: QEMU 7.2 now and then
    /// leaves an address in the flags, which the allocator of 6.12 does not survive (a double fault in kmalloc).
    /// </summary>
    private const string CommandLine =
        "console=ttyS0 quiet panic=-1 reboot=t mitigations=off transparent_hugepage=madvise clearcpuid=cx16 "
        + "rdinit=/init";

    private readonly StringBuilder _console = new();
    private volatile bool _hasSpoken;

    /// <summary>What its console showed last, as one line.</summary>
    public string LastLine
    {
        get
        {
            lock (_console)
            {
                var text = _console.ToString(Math.Max(0, _console.Length - 200), Math.Min(200, _console.Length));
                string[] lines = ["", .. text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)];
                return lines[^1].Replace("\e[K", "", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>
    /// Boots, runs, waits. Throws <see cref="GuestUnavailableException"/> and
    /// <see cref="OperationCanceledException"/>.
    /// </summary>
    public GuestOutput Run(GuestRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var directory = Directory.CreateTempSubdirectory("verso-guest-").FullName;
        try
        {
            var kernel = KernelFile.Find(request.Image, directory);
            var root = Path.Combine(directory, "root.cpio");
            var output = Path.Combine(directory, "output");
            GuestRoot.Write(root, request);
            using var received = new FileStream(
                output, FileMode.CreateNew, FileAccess.Read | FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            Boot(kernel, root, output, request, token);
            using var reader = new StreamReader(received);
            var complaint = GuestOutput.FindComplaint(Console());
            return GuestOutput.Parse(reader.ReadToEnd()) is not GuestOutput done
                ? throw new GuestUnavailableException($"{request.Image}: the kernel ended early: {complaint}")
                : done.ExitStatus > 1 && done.Text.Length == 0
                    ? throw new GuestUnavailableException($"{request.Image}: {complaint}")
                    : done;
        }
        finally
        {
            Forget(directory);
        }
    }

    internal static Process Start(ProcessStartInfo start, string missing)
    {
        try
        {
            return Process.Start(start) ?? throw new GuestUnavailableException(missing);
        }
        catch (Win32Exception)
        {
            throw new GuestUnavailableException(missing);
        }
    }

    private static void Forget(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private string Console()
    {
        lock (_console)
        {
            return _console.ToString();
        }
    }

    private void Boot(string kernel, string root, string output, GuestRequest request, CancellationToken token)
    {
        var start = new ProcessStartInfo(
            Wrapper,
            [
                "--pdeathsig", "KILL", "--", Emulator,
                "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "pc", "-accel", "tcg",
                "-cpu", "Nehalem", "-smp", "1", "-m", "1536", "-kernel", kernel, "-initrd", root, "-append",
                CommandLine, "-serial", "stdio", "-serial", $"file:{output}",
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start, $"{Wrapper} is missing; apt install util-linux");
        process.ErrorDataReceived += (_, line) => Append($"{line.Data}\n");
        process.BeginErrorReadLine();
        var reader = new Thread(() => ReadConsole(process.StandardOutput)) { IsBackground = true };
        reader.Start();
        var clock = Stopwatch.StartNew();
        try
        {
            while (!process.WaitForExit(PollMilliseconds))
            {
                token.ThrowIfCancellationRequested();
                if (_hasSpoken)
                {
                    // QEMU has read and opened what it needs.
                    Forget(Path.GetDirectoryName(root)!);
                }

                if (clock.Elapsed > request.TimeLimit)
                {
                    throw new GuestUnavailableException(
                        $"{request.Image}: not done after {request.TimeLimit.TotalSeconds:F0} s: {LastLine}");
                }
            }
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
            reader.Join();
        }

        if (process.ExitCode == CannotRun)
        {
            throw new GuestUnavailableException($"{Emulator} is missing; apt install qemu-system-x86");
        }
    }

    private void ReadConsole(StreamReader from)
    {
        var buffer = new char[1024];
        for (var read = from.Read(buffer); read > 0; read = from.Read(buffer))
        {
            _hasSpoken = true;
            Append(new string(buffer, 0, read));
        }
    }

    private void Append(string text)
    {
        lock (_console)
        {
            _console.Append(text);
        }
    }
}
