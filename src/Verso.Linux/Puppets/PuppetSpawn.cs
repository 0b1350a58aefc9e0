using System.Runtime.InteropServices;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>
/// The first puppet of a theatre: posix_spawn of the image, PTRACE_SEIZE, one exec under the limits that puppets have.
/// No managed code runs in the child.
/// </summary>
internal static unsafe class PuppetSpawn
{
    private const int AttributeBytes = 1024;
    private const int ActionsBytes = 256;
    private const int SignalSetBytes = 128;
    private const ulong StackBytes = 8 << 20;

    /// <summary>
    /// Starts the image and stops it where puppets wait; the registers it has there are every puppet's.
    /// </summary>
    /// <exception cref="PuppetUnavailableException">It cannot be executed or traced.</exception>
    internal static int Start(ImageMemory memory, IReadOnlyList<int> files, out Registers ready)
    {
        memory.Block->Traced = 0;
        var pid = Spawn(memory.Descriptor, files);
        var error = Tracer.Seize(pid);
        if (error == 0 && TryStop(pid, memory, out ready))
        {
            return pid;
        }

        int status;
        _ = Libc.Kill(pid, Libc.SignalKill);
        _ = Libc.WaitPid(pid, &status, Libc.WaitAllOfThread);
        throw new PuppetUnavailableException(error != 0
            ? TraceRefusal.Explain(error)
            : $"the image of the test processes did not start (wait status 0x{status:x})");
    }

    /// <summary>Gives the first puppet its limits and a fresh mm. Returns what went wrong, in one line.</summary>
    internal static string? Finish(Puppet puppet, TheatreOptions options)
    {
        SetLimits(puppet.Pid);
        PreferAsVictim(puppet.Pid);
        _ = puppet.Call(SystemCallNumber.Alarm);
        _ = puppet.Call(SystemCallNumber.CloseRange, 0, PuppetImage.Descriptor - 1);
        _ = puppet.Call(
            SystemCallNumber.CloseRange, (ulong)(TheatreOptions.FirstFile + options.Files.Count), uint.MaxValue);
        var outcome = puppet.Exec();
        return outcome switch
        {
            { Kind: PuppetOutcomeKind.Done, Error: 0 } => null,
            { Kind: PuppetOutcomeKind.Exited } => "the kernel does not let a test process unmap its stack and vdso "
                + $"({Marshal.GetPInvokeErrorMessage((int)outcome.Result)})",
            _ => $"a test process cannot be prepared: {outcome}",
        };
    }

    private static int Spawn(int image, IReadOnlyList<int> files)
    {
        var attributes = stackalloc byte[AttributeBytes];
        var actions = stackalloc byte[ActionsBytes];
        var signals = stackalloc byte[SignalSetBytes];
        var copies = new List<int>();
        _ = Libc.SpawnAttributesInit(attributes);
        _ = Libc.SpawnActionsInit(actions);
        try
        {
            _ = Libc.SignalSetEmpty(signals);
            _ = Libc.SpawnAttributesSetMask(attributes, signals);
            _ = Libc.SignalSetFill(signals);
            _ = Libc.SpawnAttributesSetDefaults(attributes, signals);
            _ = Libc.SpawnAttributesSetFlags(
                attributes, Libc.SpawnSetSignalMask | Libc.SpawnSetSignalDefaults | Libc.SpawnSetSession);

            // From copies above the places that are filled, so that none is overwritten before its turn.
            var above = TheatreOptions.FirstFile + files.Count;
            AddFile(actions, copies, image, PuppetImage.Descriptor, above);
            for (var i = 0; i < files.Count; i++)
            {
                AddFile(actions, copies, files[i], TheatreOptions.FirstFile + i, above);
            }

            var none = stackalloc byte*[1];
            none[0] = null;
            int pid;
            var path = $"/proc/self/fd/{PuppetImage.Descriptor}";
            var error = Libc.PosixSpawn(&pid, path, actions, attributes, none, none);
            return error == 0 ? pid : throw new PuppetUnavailableException(
                $"the image of the test processes cannot be executed ({Marshal.GetPInvokeErrorMessage(error)})");
        }
        finally
        {
            _ = Libc.SpawnAttributesDestroy(attributes);
            _ = Libc.SpawnActionsDestroy(actions);
            foreach (var copy in copies)
            {
                _ = Libc.Close(copy);
            }
        }
    }

    private static void AddFile(byte* actions, List<int> copies, int from, int to, int above)
    {
        var copy = Libc.Control(from, Libc.DuplicateCloseOnExec, above);
        if (copy < 0)
        {
            throw new PuppetUnavailableException($"descriptor {from} cannot be given to test processes "
                + $"({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())})");
        }

        copies.Add(copy);
        _ = Libc.SpawnActionsAddDuplicate(actions, copy, to);
    }

    // posix_spawn returns while execve is still finishing. So either of two stops comes first, that of the exec event,
    // which may swallow the interrupt, or the interrupt's; and where in the image it is then does not matter.
    private static bool TryStop(int pid, ImageMemory memory, out Registers registers)
    {
        Tracer.Interrupt(pid);
        registers = default;
        Stop stop;
        do
        {
            stop = Tracer.Wait(pid, null);
            if (stop.IsEnd || !Tracer.TryGetRegisters(pid, out registers))
            {
                return false;
            }
        }
        while (stop.Kind != StopKind.Event);
        memory.Block->Traced = 1;
        memory.Block->Done = 0;
        registers.GoTo(PuppetImage.Shared.Entry);
        Tracer.SetRegisters(pid, registers);
        do
        {
            Tracer.Resume(pid);
            stop = Tracer.Wait(pid, null);
        }
        while (!stop.IsEnd && (stop.Kind != StopKind.Trap || memory.Block->Done == 0));
        if (stop.IsEnd || !Tracer.TryGetRegisters(pid, out registers))
        {
            return false;
        }

        registers.GoTo(PuppetImage.Shared.Ready);
        return true;
    }

    // When memory runs out a puppet is to go, not the tool or a stranger.
    private static void PreferAsVictim(int pid)
    {
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", "1000");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // A sandbox without that file; the kernel then goes by size.
        }
    }

    // Puppets stand where no one's limits move them: the mmap base hangs from the stack's limit. They leave no core.
    private static void SetLimits(int pid)
    {
        Libc.ResourceLimit limit;
        if (Libc.ProcessLimit(pid, Libc.ResourceStack, null, &limit) == 0)
        {
            limit.Current = Math.Min(StackBytes, limit.Maximum);
            _ = Libc.ProcessLimit(pid, Libc.ResourceStack, &limit, null);
        }

        limit = default;
        _ = Libc.ProcessLimit(pid, Libc.ResourceCore, &limit, null);
    }
}
