namespace Verso.Engine;

/// <summary>
/// What a process has said of all of its memory (<c>mm->flags</c>, and of the last its personality). Values are part of
/// the trace format: they are not the kernel's bits, which have moved.
/// </summary>
[Flags]
public enum MmFlags : uint
{
    None = 0,

    /// <summary>MMF_VM_MERGE_ANY: PR_SET_MEMORY_MERGE. KSM may merge pages of all VMAs that it can.</summary>
    MergeAny = 1 << 0,

    /// <summary>MMF_HAS_MDWE: PR_SET_MDWE. Memory never gains the permission to execute.</summary>
    DenyExecGain = 1 << 1,

    /// <summary>MMF_HAS_MDWE_NO_INHERIT: fork and exec give it up.</summary>
    DenyIsNotInherited = 1 << 2,

    /// <summary>READ_IMPLIES_EXEC of personality: what can be read can be executed.</summary>
    ReadImpliesExec = 1 << 3,
}

/// <summary>What becomes of them.</summary>
public static class MmFlagRules
{
    /// <summary>mmf_init_flags: what a fork's child and the address space of an exec begin with.</summary>
    public static MmFlags Inherited(MmFlags flags) => (flags & MmFlags.DenyIsNotInherited) != 0
        ? flags & ~(MmFlags.DenyExecGain | MmFlags.DenyIsNotInherited)
        : flags;
}
