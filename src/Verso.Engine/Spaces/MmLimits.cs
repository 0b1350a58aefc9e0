namespace Verso.Engine;

/// <summary>Resource limits of the process that uses an address space, in bytes; fork hands them on.</summary>
/// <param name="AddressSpaceBytes">RLIMIT_AS.</param>
/// <param name="DataBytes">RLIMIT_DATA: private writable memory that is no stack.</param>
/// <param name="MemlockBytes">RLIMIT_MEMLOCK; <see cref="ulong.MaxValue"/> also stands for CAP_IPC_LOCK.</param>
public readonly record struct MmLimits(ulong AddressSpaceBytes, ulong DataBytes, ulong MemlockBytes)
{
    /// <summary>RLIM_INFINITY.</summary>
    public const ulong None = ulong.MaxValue;

    /// <summary>No limit at all.</summary>
    public static MmLimits Unlimited => new(None, None, None);
}
