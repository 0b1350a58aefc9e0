using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux.Recording;

/// <summary>Brings the recorder's BPF object into the kernel, or says why that cannot be.</summary>
internal static unsafe class RecorderProgram
{
    private const string Resource = "recorder.bpf.o";

    /// <summary>The variants of the lock programs for kernels whose lock events carry a path (up to 6.12).</summary>
    private const string PathVariants = "_with_path";

    /// <summary>
    /// Loads and attaches. Throws <see cref="RecorderUnavailableException"/> with one line that says what is missing.
    /// </summary>
    internal static BpfProgram Load(RecorderOptions options)
    {
        try
        {
            BpfRequirements.Check("recording", "verso record ...");
            if (options.Stacks == StackRecording.On && LibDw.Problem is string problem)
            {
                throw new RecorderUnavailableException(problem);
            }

            var elf = BpfRequirements.ReadObject(Resource);
            var prepare = new KernelSymbols.Search("__anon_vma_prepare");
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
        catch (BpfUnavailableException reason)
        {
            throw new RecorderUnavailableException(reason.Message, reason);
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
        if (options.Stacks == StackRecording.On)
        {
            _ = LibBpf.MapSetMaxEntries(program.Map("stacks"), (uint)options.StackRingBytes);
        }

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
        var (device, inode) = BpfRequirements.PidNamespace();
        program.Variable<ulong>("namespace_device") = device;
        program.Variable<ulong>("namespace_inode") = inode;
        program.Variable<uint>("with_faults") = options.Faults == FaultRecording.On ? 1u : 0u;
        program.Variable<uint>("with_stacks") = options.Stacks == StackRecording.On ? 1u : 0u;
        program.Variable<uint>("dump_interval") = (uint)options.CheckpointInterval;
        program.Variable<uint>("dump_max_vmas") = (uint)options.CheckpointMaxVmas;
        foreach (var number in options.LeftOut)
        {
            LeaveOut(program, program.Array<byte>("call_of_number")[number]);
        }
    }

    private static void LeaveOut(BpfProgram program, byte kind)
    {
        const int Numbers = 512;
        foreach (var table in (string[])["call_of_number", "call_of_compat_number"])
        {
            new Span<byte>(program.Array<byte>(table), Numbers).Replace(kind, RecordedCall.None);
        }
    }
}
