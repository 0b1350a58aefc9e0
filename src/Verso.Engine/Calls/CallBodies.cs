namespace Verso.Engine.Calls;

/// <summary>What calls come to on a machine, where that is more than one operation with their arguments.</summary>
internal static class CallBodies
{
    public static SyscallResult? Mmap(Machine machine, MmId mm, in Call call)
    {
        MmapRequest request = new(
            call.Arg0, call.Arg1, (Protection)call.Arg2, (MapFlags)call.Arg3, call.File, call.Arg5, call.Imposed);
        return machine.Mmap(mm, request with { Driver = call.Driver });
    }

    /// <summary>A key that the kernel accepted was allocated, maybe before the recording began.</summary>
    public static SyscallResult? Mprotect(Machine machine, MmId mm, in Call call)
    {
        int key = (int)(long)call.Arg3;
        if (key > 0 && call.Imposed is not null)
        {
            machine.LearnKey(mm, key);
        }

        return machine.Mprotect(mm, call.Arg0, call.Arg1, (Protection)call.Arg2, key);
    }

    public static SyscallResult? Mremap(Machine machine, MmId mm, in Call call) => machine.Mremap(
        mm,
        new MremapRequest(call.Arg0, call.Arg1, call.Arg2, (RemapFlags)call.Arg3, call.Arg4, call.Imposed));

    /// <summary>A segment that is not known cannot be attached.</summary>
    public static SyscallResult? Shmat(Machine machine, MmId mm, in Call call) => call.File.IsNone
        ? null
        : machine.Shmat(mm, call.File, call.Arg1, (uint)call.Arg2, call.Imposed);

    public static SyscallResult? Control(Machine machine, MmId mm, in Call call)
    {
        switch ((MemoryControl)call.Arg0)
        {
            case MemoryControl.SetMm:
                return machine.SetBound(mm, (MmBound)call.Arg1, call.Arg2) == Errno.None ? SyscallResult.Ok() : null;
            case MemoryControl.SetThpDisable:
                // Huge pages are not modelled, and no VMA changes.
                return SyscallResult.Ok();
            case MemoryControl.SetMdwe:
                return machine.DenyExecGain(mm, call.Arg1);
            case MemoryControl.SetMemoryMerge:
                return machine.SetMemoryMerge(mm, call.Arg1 == 0 ? MemoryMerge.None : MemoryMerge.Any);
            case MemoryControl.SetVma when call.Arg4 == 0 || call.Text is not null:
                return machine.SetName(mm, call.Arg2, call.Arg3, call.Arg4 == 0 ? null : call.Text);
            default:
                return null;
        }
    }

    public static SyscallResult? StackLimit(Machine machine, MmId mm, in Call call)
    {
        machine.SetStackLimit(mm, call.Arg0);
        return SyscallResult.Ok();
    }

    /// <summary>What was before is returned; a machine does not know the bits that are no matter of memory.</summary>
    public static SyscallResult? Personality(Machine machine, MmId mm, in Call call)
    {
        machine.SetPersonality(mm, call.Arg0);
        return SyscallResult.Ok(call.Imposed ?? 0);
    }
}
