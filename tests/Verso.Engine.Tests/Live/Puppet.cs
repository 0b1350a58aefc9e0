using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Verso.Engine.Tests.Live;

/// <summary>Real processes that do what a scenario says. See puppet.c.</summary>
internal sealed class Puppet : IDisposable
{
    private const ulong GetSegment = 29;
    private const ulong ControlSegment = 31;
    private const ulong OwnerMayReadAndWrite = 0x180;

    private readonly PuppetFiles _files;
    private readonly ulong _segment;
    private readonly Process _process;
    private readonly Dictionary<int, int> _pids = [];

    public Puppet(PuppetFiles files)
    {
        _files = files;
        // The shell gives it the open files, so that it need not hold path names.
        ProcessStartInfo start = new("/bin/bash", ["-c", files.ExecCommand])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _pids[0] = (int)Answer('p');
        _segment = (ulong)Call(GetSegment, 0, PuppetFiles.SegmentBytes, OwnerMayReadAndWrite);
    }

    /// <summary>Why no puppet can be had here, or null.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
        {
            return "needs Linux on x86-64";
        }

        string release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return release.StartsWith("6.18.", StringComparison.Ordinal) ? PuppetFiles.Missing()
            : $"the rules are those of 6.18.44, this kernel is {release}";
    }

    /// <summary>Does one step. The result is the system call's, the outcome of an access, or 0.</summary>
    public long Do(Operation operation)
    {
        _process.StandardInput.Write(operation.ToLine(_segment) + "\n");
        _process.StandardInput.Flush();
        switch (operation.Act)
        {
            case Act.Stripe:
                return Answer('m');
            case Act.Touch:
                return Answer('t');
            case Act.Fork:
                _pids[(int)operation.A] = (int)Answer('f');
                return 0;
            case Act.Exit:
                _pids.Remove(operation.Process);
                return Answer('x');
            default:
                return Answer('r');
        }
    }

    /// <summary>The VMAs of a process as the kernel shows them.</summary>
    public List<LiveVma> Vmas(int process) => LiveVma.Read(_pids[process]);

    /// <summary>A field of /proc/PID/status in kilobytes.</summary>
    public ulong Status(int process, string field)
    {
        foreach (string line in File.ReadLines($"/proc/{_pids[process]}/status"))
        {
            if (line.StartsWith(field + ":", StringComparison.Ordinal))
            {
                string number = line[(field.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim();
                return ulong.Parse(number, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"no {field} in /proc/PID/status");
    }

    /// <summary>The process id.</summary>
    public int Pid(int process) => _pids[process];

    /// <summary>What the pages of a range hold.</summary>
    public PageState[] Pages(int process, ulong start, ulong end) => PageState.Read(_files.Pages, _pids[process], start, end);

    public void Dispose()
    {
        _ = Call(ControlSegment, _segment, 0, 0);
        foreach (int pid in _pids.Values)
        {
            Process.GetProcessById(pid).Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>A system call of process 0 that no scenario asks for.</summary>
    private long Call(ulong number, ulong a, ulong b, ulong c)
    {
        _process.StandardInput.Write($"0 s {number:x} {a:x} {b:x} {c:x} 0 0 0\n");
        _process.StandardInput.Flush();
        return Answer('r');
    }

    private long Answer(char kind)
    {
        string line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the puppet died");
        if (line.Length < 3 || line[0] != kind)
        {
            throw new InvalidOperationException($"the puppet said '{line}'");
        }

        bool negative = line[2] == '-';
        ulong value = ulong.Parse(
            line.AsSpan(negative ? 3 : 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return negative ? -(long)value : (long)value;
    }
}
