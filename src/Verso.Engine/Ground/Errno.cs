namespace Verso.Engine;

/// <summary>The error a system call returns. Values are those of Linux on x86-64 (asm-generic/errno-base.h).</summary>
public enum Errno
{
    /// <summary>The call succeeded.</summary>
    None = 0,
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    EINTR = 4,
    EIO = 5,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EBUSY = 16,
    EEXIST = 17,
    ENODEV = 19,
    EINVAL = 22,
    ENOSPC = 28,
    EOVERFLOW = 75,
    EOPNOTSUPP = 95,
}

/// <summary>What a system call gave back: an error, or a value (an address, a length, a new break).</summary>
/// <param name="Errno">The error; <see cref="Errno.None"/> on success.</param>
/// <param name="Value">The value on success; 0 on failure.</param>
public readonly record struct SyscallResult(Errno Errno, ulong Value)
{
    /// <summary>The value as the system call register holds it: the value, or the negated error number.</summary>
    public long Raw => Errno == Errno.None ? (long)Value : -(long)Errno;

    /// <summary>The highest error number there can be (MAX_ERRNO).</summary>
    public const int MaxErrno = 4095;

    /// <summary>Whether a register holds a negated error number, and no value (IS_ERR_VALUE).</summary>
    public static bool IsError(long raw) => raw is < 0 and >= -MaxErrno;

    /// <summary>The error that a register holds; none if it holds a value.</summary>
    public static Errno ErrnoOf(long raw) => IsError(raw) ? (Errno)(int)-raw : Errno.None;

    /// <summary>A success that returns <paramref name="value"/>.</summary>
    public static SyscallResult Ok(ulong value = 0) => new(Errno.None, value);

    /// <summary>A failure.</summary>
    public static implicit operator SyscallResult(Errno errno) => new(errno, 0);
}
