using System.Globalization;
using System.Runtime.InteropServices;

namespace Verso.Linux.Puppets;

/// <summary>Why the kernel refuses to trace a child of one's own, in one line.</summary>
internal static class TraceRefusal
{
    private const string YamaScope = "/proc/sys/kernel/yama/ptrace_scope";
    private const int YamaNone = 3;

    internal static string Explain(int error)
    {
        var what = $"ptrace is refused ({Marshal.GetPInvokeErrorMessage(error)})";
        if (int.TryParse(ProcText.Read(YamaScope), CultureInfo.InvariantCulture, out var scope) && scope >= YamaNone)
        {
            return $"{what}: sysctl kernel.yama.ptrace_scope is {scope}";
        }

        var status = ProcText.Read("/proc/thread-self/status");
        if (Field(status, "TracerPid:") > 0)
        {
            return $"{what}: a debugger or strace follows this process and its children";
        }

        return Field(status, "Seccomp:") > 0
            ? $"{what}: probably by this container's seccomp filter (docker run --cap-add SYS_PTRACE allows it)"
            : what;
    }

    private static long Field(string status, string name)
    {
        foreach (var line in status.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(name.Length).Trim(), CultureInfo.InvariantCulture, out var value))
            {
                return value;
            }
        }

        return 0;
    }
}
