using System.Globalization;
using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Recording;

/// <summary>Brings the recorder's BPF object into the kernel, or says why that cannot be.</summary>
internal static class RecorderProgram
{
    private const string Resource = "recorder.bpf.o";
    private const int CapabilitySysAdmin = 21;
    private const int CapabilityPerfmon = 38;
    private const int CapabilityBpf = 39;

    /// <summary>The variants of the lock programs for kernels whose lock events carry a path (up to 6.12).</summary>
    private const string PathVariants = "_with_path";

    /// <summary>
    /// Loads and attaches. Throws <see cref="RecorderUnavailableException"/> with one line that says what is missing.
    /// </summary>
    internal static BpfProgram Load(RecorderOptions options)
    {
        CheckMachine();
        var elf = ReadObject();
        var prepare = new KernelSymbols.Search("__anon_vma_prepare");
        try
        {
            if (Environment.GetEnvironmentVariable("VERSO_BPF_LOG") is null)
            {
                LibBpf.SetPrint(0);
            }

            var program = TryLoad(elf, options, LockEvents.Plain, out _)
                ?? TryLoad(elf, options, LockEvents.WithPath, out var error)
                ?? throw new RecorderUnavailableException(
                    $"the kernel refuses the recorder's BPF programs: {Marshal.GetPInvokeErrorMessage(error)}; "
                    + "set VERSO_BPF_LOG=1 to see why");
            return Attach(program, prepare);
        }
        catch (DllNotFoundException missing)
        {
            throw new RecorderUnavailableException("libbpf.so.1 is missing; install it: apt install libbpf1", missing);
        }
    }

    private static BpfProgram Attach(BpfProgram program, KernelSymbols.Search prepare)
    {
        try
        {
            (program.Variable<ulong>("prepare_start"), program.Variable<ulong>("prepare_length")) = prepare.Await();
            program.Attach();
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private enum LockEvents
    {
        Plain,
        WithPath,
    }

    private static BpfProgram? TryLoad(byte[] elf, RecorderOptions options, LockEvents variant, out int error)
    {
        var program = BpfProgram.Open(elf);
        SetConstants(program, options);
        _ = LibBpf.MapSetMaxEntries(program.Map("ring"), (uint)options.RingBytes);
        if (variant == LockEvents.WithPath)
        {
            program.Select("on_lock_acquired", Loading.Off);
            program.Select("on_lock_released", Loading.Off);
            program.Select(PathVariants, Loading.On);
        }

        error = program.Load();
        if (error == 0)
        {
            return program;
        }

        program.Dispose();
        return null;
    }

    private static void SetConstants(BpfProgram program, RecorderOptions options)
    {
        var (device, inode) = PidNamespace();
        program.Variable<ulong>("namespace_device") = device;
        program.Variable<ulong>("namespace_inode") = inode;
        program.Variable<uint>("with_faults") = options.Faults == FaultRecording.On ? 1u : 0u;
        program.Variable<uint>("dump_interval") = (uint)options.CheckpointInterval;
        program.Variable<uint>("dump_max_vmas") = (uint)options.CheckpointMaxVmas;
    }

    private static void CheckMachine()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new RecorderUnavailableException("recording needs Linux on x86-64");
        }

        if (!File.Exists("/sys/kernel/btf/vmlinux"))
        {
            throw new RecorderUnavailableException(
                "this kernel has no BTF (/sys/kernel/btf/vmlinux); recording needs CONFIG_DEBUG_INFO_BTF=y");
        }

        var capabilities = EffectiveCapabilities();
        var enough = Has(capabilities, CapabilitySysAdmin)
            || (Has(capabilities, CapabilityBpf) && Has(capabilities, CapabilityPerfmon));
        if (!enough)
        {
            throw new RecorderUnavailableException(
                "recording needs the right to load BPF programs (CAP_BPF and CAP_PERFMON); "
                + "run it as root: sudo verso record ...");
        }
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

    // The link's text is "pid:[inode]"; namespaces live on nsfs, whose device only stat tells.
    private static unsafe (ulong Device, ulong Inode) PidNamespace()
    {
        var status = stackalloc ulong[18];
        if (Libc.Stat("/proc/self/ns/pid", status) != 0)
        {
            throw new RecorderUnavailableException("cannot read /proc/self/ns/pid; is /proc mounted?");
        }

        return (status[0], status[1]);
    }

    private static byte[] ReadObject()
    {
        using var stream = typeof(RecorderProgram).Assembly.GetManifestResourceStream(Resource)
            ?? throw new RecorderUnavailableException(
                "this build has no BPF recorder: clang or libbpf-dev was missing; "
                + "apt install clang libbpf-dev");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
