using System.Globalization;
using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>What BPF programs need of the machine, the user and this build.</summary>
internal static class BpfRequirements
{
    /// <summary>PROC_USER_INIT_INO: the user namespace that the kernel starts with.</summary>
    private const string InitialUserNamespace = "user:[4026531837]";

    private const int CapabilitySysAdmin = 21;
    private const int CapabilityPerfmon = 38;
    private const int CapabilityBpf = 39;

    /// <summary>Throws <see cref="BpfUnavailableException"/> with what is missing.</summary>
    /// <param name="purpose">Who needs it, as the subject of a sentence: "recording".</param>
    /// <param name="command">What to run with more rights: "verso record ...".</param>
    internal static void Check(string purpose, string command)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new BpfUnavailableException($"{purpose} needs Linux on x86-64");
        }

        if (!File.Exists("/sys/kernel/btf/vmlinux"))
        {
            throw new BpfUnavailableException(
                $"this kernel has no BTF (/sys/kernel/btf/vmlinux); {purpose} needs CONFIG_DEBUG_INFO_BTF=y");
        }

        var capabilities = EffectiveCapabilities();
        var enough = Has(capabilities, CapabilitySysAdmin)
            || (Has(capabilities, CapabilityBpf) && Has(capabilities, CapabilityPerfmon));
        if (!enough)
        {
            throw new BpfUnavailableException(
                $"{purpose} needs the right to load BPF programs (CAP_BPF and CAP_PERFMON); "
                + $"run it as root: sudo {command}");
        }

        // There root has every capability, and bpf() asks for those of the namespace that the kernel starts with.
        if (new FileInfo("/proc/self/ns/user").LinkTarget is { } space && space != InitialUserNamespace)
        {
            throw new BpfUnavailableException(
                $"{purpose} needs the right to load BPF programs, which root of a user namespace "
                + "(of a rootless container) lacks; run it on the host, as root");
        }
    }

    /// <summary>An object that the build compiled and embedded.</summary>
    internal static byte[] ReadObject(string name)
    {
        using var stream = typeof(BpfRequirements).Assembly.GetManifestResourceStream(name)
            ?? throw new BpfUnavailableException(
                "this build has no BPF programs: clang or libbpf-dev was missing; apt install clang libbpf-dev");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The device and inode of this process's pid namespace.</summary>
    /// <remarks>The link's text is "pid:[inode]"; namespaces live on nsfs, whose device only stat tells.</remarks>
    internal static unsafe (ulong Device, ulong Inode) PidNamespace()
    {
        var status = stackalloc ulong[18];
        if (Libc.Stat("/proc/self/ns/pid", status) != 0)
        {
            throw new BpfUnavailableException("cannot read /proc/self/ns/pid; is /proc mounted?");
        }

        return (status[0], status[1]);
    }

    private static bool Has(ulong capabilities, int capability) => (capabilities >> capability & 1) != 0;

    private static ulong EffectiveCapabilities()
    {
        const string Prefix = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(
            text => text.StartsWith(Prefix, StringComparison.Ordinal));
        return line is null
            ? 0
            : ulong.Parse(line.AsSpan(Prefix.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
